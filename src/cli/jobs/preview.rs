//! Preview of a table of jobs: its first jobs, and the rows that would be refused.

use super::{
    table::Planned,
    totals::{MAX_PRINTED, Totals, plural},
};
use crate::{
    cli::{
        Failure,
        out::{note, say, say_json},
        plain,
    },
    jobs::NewJob,
};
use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use serde_json::json;
use std::process::ExitCode;

/// Rows that a preview shows.
const PREVIEW_ROWS: usize = 5;

/// Characters of a text in a preview.
const PREVIEW_CHARS: usize = 40;

/// Checks all rows, and shows the first jobs and the first refusals.
pub fn preview(planned: impl Iterator<Item = Planned>, json: bool) -> Result<ExitCode, Failure> {
    let (mut shown, mut good, mut totals) = (Vec::new(), 0, Totals::default());
    for row in planned {
        if json {
            let why = row.job.as_ref().err();
            say_json(&json!({"line": row.line, "valid": why.is_none(), "error": why}))?;
        }
        match row.job {
            Ok((job, _)) => {
                good += 1;
                if shown.len() < PREVIEW_ROWS {
                    shown.push((row.line, job));
                }
            }
            Err(why) => {
                totals.refused += 1;
                if totals.refused <= MAX_PRINTED {
                    note(format_args!("line {}: {why}", row.line));
                }
            }
        }
    }
    if json {
        return Ok(totals.exit_code());
    }
    if !shown.is_empty() {
        say(table(&shown))?;
    }
    let refused = match totals.refused {
        0 => String::new(),
        refused => format!(", and {} would be refused", plural(refused, "row")),
    };
    say(format_args!(
        "{} would be created{refused}; nothing was written",
        plural(good, "job")
    ))?;
    Ok(totals.exit_code())
}

/// Returns a table of jobs that are not created yet, with the lines that they stand on.
fn table(jobs: &[(u64, NewJob)]) -> Table {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header([
        "LINE", "TYPE", "PRIORITY", "ITEMS", "LABELS", "TITLE", "CONTENT",
    ]);
    let short = |text: Option<&str>| {
        let mut chars = text.unwrap_or("-").chars();
        let begin: String = chars.by_ref().take(PREVIEW_CHARS).collect();
        plain(&begin) + chars.next().map_or("", |_| "…")
    };
    for (line, job) in jobs {
        let labels = job
            .labels
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let labels = labels.collect::<Vec<_>>().join(" ");
        table.add_row([
            line.to_string(),
            plain(&job.job_type),
            job.priority.to_string(),
            job.items.len().to_string(),
            short(Some(labels.as_str()).filter(|labels| !labels.is_empty())),
            short(job.project_title.as_deref()),
            short(job.content.as_deref()),
        ]);
    }
    table
}
