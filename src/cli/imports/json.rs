//! An import as JSON, and what the tables take from it.

use crate::cli::plain;
use entity::import;
use serde_json::{Value, json};

/// Reads one of the counts of an import.
type Count = fn(&import::Model) -> i64;

/// Counts of an import, with their names.
pub const COUNTS: [(&str, Count); 8] = [
    ("found", |run| run.found),
    ("imported", |run| run.imported),
    ("already_there", |run| run.already_there),
    ("merged", |run| run.merged),
    ("overwritten", |run| run.overwritten),
    ("repaired", |run| run.repaired),
    ("rejected", |run| run.rejected),
    ("rejects_kept", |run| run.rejects_kept),
];

/// Returns a number of the import as a text.
pub fn number(run: &Value, name: &str) -> String {
    run[name].as_i64().unwrap_or_default().to_string()
}

/// Returns the names of the files, in one line.
pub fn sources(run: &Value) -> String {
    let files = run["options"]["files"].as_array().into_iter().flatten();
    plain(
        &files
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(", "),
    )
}

fn status(run: &import::Model) -> &'static str {
    match run.status {
        import::ImportStatus::Running => "running",
        import::ImportStatus::Finished => "finished",
        import::ImportStatus::Failed => "failed",
        import::ImportStatus::Aborted => "aborted",
    }
}

/// Returns the import as JSON, with the field names of the HTTP API.
pub fn run_json(run: &import::Model) -> Value {
    let mut json = json!({
        "import_id": run.id,
        "status": status(run),
        "options": run.options,
        "report": run.report,
        "error": run.error,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
    });
    for (name, count) in COUNTS {
        json[name] = count(run).into();
    }
    json
}
