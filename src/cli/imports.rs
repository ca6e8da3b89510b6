//! The `callsheet imports` command.

use super::{
    Failure,
    out::{say, say_json},
    plain,
};
use crate::{app::App, lifecycle::Cursor};
use clap::{Args, Subcommand};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets::NOTHING};
use entity::{import, import_reject};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Number of rejects read by one query.
const PAGE: u64 = 200;

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Show a page of imports, newest first
    List {
        /// Maximum number of imports on the page, 1 to 200
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=200))]
        limit: u64,
        /// Cursor of the next page, as printed below the page before
        #[arg(long)]
        cursor: Option<String>,
        /// Print JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Show one import
    Show(One),
    /// Show the records that an import rejected, as far as they are kept
    Rejects(One),
    /// Abort a running import; the jobs imported so far stay
    Abort(One),
}

#[derive(Args)]
struct One {
    /// Id of the import
    import_id: String,
    /// Print JSON, for programs; for rejects one object per line, with the raw record
    #[arg(long)]
    json: bool,
}

pub async fn run(app: App, arguments: Arguments) -> Result<ExitCode, Failure> {
    match arguments.action {
        Action::List {
            limit,
            cursor,
            json,
        } => list(&app, limit, cursor, json).await?,
        Action::Show(one) => show(&app.jobs.get_import(&one.import_id).await?, one.json)?,
        Action::Rejects(one) => rejects(&app, &one).await?,
        Action::Abort(one) => show(&app.jobs.abort_import(&one.import_id).await?, one.json)?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(app: &App, limit: u64, cursor: Option<String>, json: bool) -> Result<(), Failure> {
    let unknown = || {
        Failure::Usage(
            "this cursor is not one that a list gave: begin again without --cursor".to_owned(),
        )
    };
    let after = cursor
        .map(|text| Cursor::decode(&text).ok_or_else(unknown))
        .transpose()?;
    let runs = app.jobs.list_imports(after, limit).await?;
    let last = runs.last().filter(|_| runs.more);
    let next = last.map(|run| {
        Cursor {
            created_at: run.started_at,
            id: run.id.clone(),
        }
        .encode()
    });
    if json {
        let rows: Vec<_> = runs.iter().map(run_json).collect();
        say_json(&json!({"imports": rows, "next_cursor": next}))?;
        return Ok(());
    }
    say(table(&runs))?;
    if let Some(next) = next {
        say(format_args!("the next page: --cursor {next}"))?;
    }
    Ok(())
}

fn table(runs: &[import::Model]) -> Table {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    let names = [
        "ID",
        "STARTED",
        "STATUS",
        "FOUND",
        "IMPORTED",
        "THERE",
        "MERGED",
        "OVERWRITTEN",
        "REPAIRED",
        "REJECTED",
        "KEPT",
    ];
    table.set_header(names.into_iter().chain(["SOURCES"]));
    for run in runs {
        let started = run.started_at.format("%Y-%m-%d %H:%M:%S").to_string();
        let counts = counts(run).map(|(_, n)| n.to_string());
        let words = [run.id.clone(), started, status(run).to_owned()];
        table.add_row(words.into_iter().chain(counts).chain([sources(run)]));
    }
    for column in table.column_iter_mut().skip(3).take(8) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn show(run: &import::Model, json: bool) -> Result<(), Failure> {
    if json {
        return say_json(&run_json(run));
    }
    let time = |t: chrono::DateTime<chrono::Utc>| t.format("%Y-%m-%d %H:%M:%S UTC").to_string();
    let words = [
        ("import", Some(run.id.clone())),
        ("status", Some(status(run).to_owned())),
        ("sources", Some(sources(run))),
        ("started", Some(time(run.started_at))),
        ("ended", run.finished_at.map(time)),
        ("error", run.error.clone()),
    ];
    let options = run
        .options
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| *name != "files" && !value.is_null());
    let options = options.map(|(name, value)| {
        (
            name.as_str(),
            Some(value.as_str().map_or(value.to_string(), str::to_owned)),
        )
    });
    let counts = counts(run).map(|(name, n)| (name, Some(n.to_string())));
    for (name, value) in words.into_iter().chain(options).chain(counts) {
        if let Some(value) = value {
            say(format_args!("{name:<13} {}", plain(&value)))?;
        }
    }
    by(run, "rejected_by_reason", "rejected as")?;
    by(run, "repaired_by_rule", "repaired by")
}

/// Prints the totals of all sources by reason or by rule.
fn by(run: &import::Model, member: &str, words: &str) -> Result<(), Failure> {
    let counts = run
        .report
        .as_ref()
        .and_then(|report| report["total"][member].as_object());
    for (word, n) in counts.into_iter().flatten() {
        say(format_args!("{words} {word}: {n}"))?;
    }
    Ok(())
}

async fn rejects(app: &App, one: &One) -> Result<(), Failure> {
    let mut after = None;
    loop {
        let page = app
            .jobs
            .list_import_rejects(&one.import_id, after, PAGE)
            .await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(last.id);
        for reject in &page {
            match one.json {
                true => say_json(&reject_json(reject))?,
                false => {
                    let place = reject.key.as_deref().unwrap_or("-");
                    say(format_args!(
                        "{}",
                        plain(&format!(
                            "{} {place} {}: {}",
                            reject.file, reject.reason, reject.detail
                        ))
                    ))?;
                }
            }
        }
    }
}

fn status(run: &import::Model) -> &'static str {
    match run.status {
        import::ImportStatus::Running => "running",
        import::ImportStatus::Finished => "finished",
        import::ImportStatus::Failed => "failed",
        import::ImportStatus::Aborted => "aborted",
    }
}

fn sources(run: &import::Model) -> String {
    let files = run.options["files"].as_array().into_iter().flatten();
    plain(
        &files
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(", "),
    )
}

fn counts(run: &import::Model) -> [(&'static str, i64); 8] {
    [
        ("found", run.found),
        ("imported", run.imported),
        ("already_there", run.already_there),
        ("merged", run.merged),
        ("overwritten", run.overwritten),
        ("repaired", run.repaired),
        ("rejected", run.rejected),
        ("rejects_kept", run.rejects_kept),
    ]
}

/// Returns the import as JSON, with the field names of the HTTP API.
fn run_json(run: &import::Model) -> Value {
    let mut json = json!({
        "import_id": run.id,
        "status": status(run),
        "options": run.options,
        "report": run.report,
        "error": run.error,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
    });
    for (name, n) in counts(run) {
        json[name] = n.into();
    }
    json
}

fn reject_json(reject: &import_reject::Model) -> Value {
    json!({
        "reject_id": reject.id,
        "file": reject.file,
        "key": reject.key,
        "reason": reject.reason,
        "detail": reject.detail,
        "raw": reject.raw,
        "created_at": reject.created_at,
    })
}
