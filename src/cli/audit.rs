//! The `callsheet audit` command.

use super::{
    Failure,
    out::{note, say, say_json},
    plain,
};
use crate::{
    app::App,
    jobs::{AuditFilter, JobManager},
    lifecycle::Cursor,
};
use chrono::{DateTime, SecondsFormat, Utc};
use clap::{Args, Subcommand};
use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use entity::audit;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Maximum rows that one query reads.
const PAGE: u64 = 200;

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Show the calls of the last 90 days that changed something or tried to, newest first
    List {
        /// Only calls with this key, by its id
        #[arg(long, value_name = "ID")]
        key_id: Option<String>,
        /// Only calls of this operation, e.g. delete_job
        #[arg(long, value_name = "OPERATION")]
        operation: Option<String>,
        /// Only calls at this time or later, e.g. 2026-01-31T12:00:00Z
        #[arg(long, value_name = "TIME")]
        since: Option<DateTime<Utc>>,
        /// Maximum number of entries
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=100_000))]
        limit: u64,
        /// Print JSON, for programs
        #[arg(long)]
        json: bool,
    },
}

pub async fn run(app: App, arguments: Arguments) -> Result<ExitCode, Failure> {
    let Action::List {
        key_id,
        operation,
        since,
        limit,
        json,
    } = arguments.action;
    let filter = AuditFilter {
        key_id,
        operation,
        since,
    };
    let (rows, more) = read(&app.jobs, &filter, limit).await?;
    if json {
        let entries: Vec<Value> = rows.iter().map(object).collect();
        say_json(&json!({"entries": entries, "has_more": more}))?;
    } else if rows.is_empty() {
        say("no calls")?;
    } else {
        say(table(&rows))?;
        if more {
            note("there are earlier calls: raise --limit to see them");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads up to `limit` entries, and whether there are more.
async fn read(
    jobs: &JobManager,
    filter: &AuditFilter,
    limit: u64,
) -> Result<(Vec<audit::Model>, bool), Failure> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let left = limit - rows.len() as u64;
        let part = jobs.list_audit(filter, after, left.min(PAGE)).await?;
        let more = part.more && !part.rows.is_empty();
        rows.extend(part.rows);
        if !more || rows.len() as u64 >= limit {
            return Ok((rows, more));
        }
        after = rows.last().map(|row| Cursor {
            created_at: row.at,
            id: row.id.clone(),
        });
    }
}

fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn object(row: &audit::Model) -> Value {
    json!({
        "entry_id": row.id, "at": text(row.at), "key_id": row.key_id, "operation": row.operation,
        "target": row.target, "request_id": row.request_id, "status": row.status, "calls": row.calls,
    })
}

fn table(rows: &[audit::Model]) -> Table {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header([
            "AT",
            "KEY",
            "OPERATION",
            "STATUS",
            "CALLS",
            "TARGET",
            "REQUEST",
        ]);
    let or_dash = |text: &Option<String>| plain(text.as_deref().unwrap_or("-"));
    for row in rows {
        table.add_row([
            text(row.at),
            or_dash(&row.key_id),
            plain(&row.operation),
            row.status.to_string(),
            row.calls.to_string(),
            or_dash(&row.target),
            or_dash(&row.request_id),
        ]);
    }
    table
}
