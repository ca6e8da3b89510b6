//! Schedules as a table.

use super::plain;
use crate::cli::answers::seconds;
use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use serde_json::Value;

pub fn table(schedules: &[Value]) -> Table {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(["ID", "STATE", "NEXT", "LAST", "JOBS", "SKIPPED", "WHEN"]);
    let time = |value: &Value| seconds(value).unwrap_or("-".to_owned());
    let word = |value: &Value| plain(value.as_str().unwrap_or("-"));
    for schedule in schedules {
        table.add_row([
            word(&schedule["schedule_id"]),
            state(schedule).to_owned(),
            time(&schedule["next_at"]),
            time(&schedule["last_at"]),
            schedule["fired"].to_string(),
            schedule["skipped"].to_string(),
            word(&schedule["words"]),
        ]);
    }
    table
}

fn state(schedule: &Value) -> &'static str {
    let has = |name: &str| !schedule[name].is_null();
    match (has("paused_at"), has("next_at"), has("error")) {
        (true, ..) => "paused",
        (false, false, _) => "ended",
        (false, true, true) => "failing",
        (false, true, false) => "active",
    }
}
