//! Webhooks and deliveries as tables.

use super::plain;
use crate::cli::answers::seconds;
use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use serde_json::Value;

pub fn table(webhooks: &[Value]) -> Table {
    let mut table = empty(&["ID", "STATE", "WAITING", "BEHIND", "URL", "KINDS", "REASON"]);
    for webhook in webhooks {
        let kinds = webhook["kinds"].as_array().into_iter().flatten();
        let kinds: Vec<&str> = kinds.filter_map(Value::as_str).collect();
        table.add_row([
            word(webhook, "webhook_id"),
            state(webhook),
            webhook["waiting"].to_string(),
            webhook["behind"].to_string(),
            word(webhook, "url"),
            plain(&kinds.join(",")),
            word(webhook, "reason"),
        ]);
    }
    table
}

pub fn deliveries(rows: &[Value]) -> Table {
    let mut table = empty(&[
        "ID", "KIND", "JOB", "STATE", "ATTEMPTS", "NEXT", "STATUS", "ERROR",
    ]);
    for row in rows {
        let status = &row["status_code"];
        table.add_row([
            row["delivery_id"].to_string(),
            word(row, "kind"),
            word(row, "job_id"),
            word(row, "state"),
            row["attempt"].to_string(),
            seconds(&row["next_at"]).unwrap_or("-".to_owned()),
            status
                .as_i64()
                .map_or("-".to_owned(), |code| code.to_string()),
            word(row, "error"),
        ]);
    }
    table
}

fn empty(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(header.iter().copied());
    table
}

fn word(of: &Value, name: &str) -> String {
    plain(of[name].as_str().unwrap_or("-"))
}

fn state(webhook: &Value) -> String {
    let fails = !webhook["failing_since"].is_null();
    if webhook["state"] == "active" && fails {
        return "failing".to_owned();
    }
    word(webhook, "state")
}
