//! The `callsheet imports` command.

use super::{
    Failure,
    answers::{known, taken, text, time},
    out::{say, say_json},
    plain,
    remote::path,
    target::Target,
};
use crate::lifecycle::Cursor;
use clap::{Args, Subcommand};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets::NOTHING};
use entity::{import, import_reject};
use hyper::Method;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Number of rejects read by one query.
const PAGE: u64 = 200;

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
    /// URL of a server to call instead of opening the database, with the key of CALLSHEET_API_KEY
    #[arg(long, global = true, value_name = "URL")]
    pub server: Option<String>,
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

pub async fn run(target: Target, arguments: Arguments) -> Result<ExitCode, Failure> {
    let done = act(&target, arguments.action).await;
    target.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn act(target: &Target, action: Action) -> Result<(), Failure> {
    match action {
        Action::List {
            limit,
            cursor,
            json,
        } => list(target, limit, cursor, json).await,
        Action::Show(one) => show(&get(target, &one.import_id).await?, one.json),
        Action::Rejects(one) => rejects(target, &one).await,
        Action::Abort(one) => show(&abort(target, &one.import_id).await?, one.json),
    }
}

async fn get(target: &Target, id: &str) -> Result<Value, Failure> {
    match target {
        Target::Database(app) => Ok(run_json(&app.jobs.get_import(id).await?)),
        Target::Server(server) => server.get(&path(&["imports", id], &[])?).await,
    }
}

async fn abort(target: &Target, id: &str) -> Result<Value, Failure> {
    match target {
        Target::Database(app) => Ok(run_json(&app.jobs.abort_import(id).await?)),
        Target::Server(server) => {
            let path = path(&["imports", id, "abort"], &[])?;
            server.call(Method::POST, &path, None).await
        }
    }
}

async fn list(
    target: &Target,
    limit: u64,
    cursor: Option<String>,
    json: bool,
) -> Result<(), Failure> {
    let (runs, next) = page(target, limit, cursor).await?;
    if json {
        return say_json(&json!({"imports": runs, "next_cursor": next}));
    }
    say(table(&runs))?;
    if let Some(next) = next {
        say(format_args!("the next page: --cursor {next}"))?;
    }
    Ok(())
}

/// Returns a page of imports as JSON, and the cursor of the next page.
async fn page(
    target: &Target,
    limit: u64,
    cursor: Option<String>,
) -> Result<(Vec<Value>, Option<String>), Failure> {
    let after = cursor.map(|text| known(&text)).transpose()?;
    let app = match target {
        Target::Database(app) => app,
        Target::Server(server) => {
            let mut query = vec![("limit", limit.to_string())];
            query.extend(after.map(|after| ("cursor", after.encode())));
            let mut list = server.get(&path(&["imports"], &query)?).await?;
            return Ok((taken(&mut list, "imports"), text(&list, "next_cursor")));
        }
    };
    let runs = app.jobs.list_imports(after, limit).await?;
    let last = runs.last().filter(|_| runs.more);
    let next = last.map(|run| {
        Cursor {
            created_at: run.started_at,
            id: run.id.clone(),
        }
        .encode()
    });
    Ok((runs.iter().map(run_json).collect(), next))
}

fn table(runs: &[Value]) -> Table {
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
        let counts = COUNTS.map(|name| number(run, name));
        let words = [
            word(run, "import_id"),
            time(&run["started_at"]),
            word(run, "status"),
        ];
        table.add_row(words.into_iter().chain(counts).chain([sources(run)]));
    }
    for column in table.column_iter_mut().skip(3).take(8) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Names of the counts of an import.
const COUNTS: [&str; 8] = [
    "found",
    "imported",
    "already_there",
    "merged",
    "overwritten",
    "repaired",
    "rejected",
    "rejects_kept",
];

fn word(run: &Value, name: &str) -> String {
    plain(run[name].as_str().unwrap_or("-"))
}

fn number(run: &Value, name: &str) -> String {
    run[name].as_i64().unwrap_or_default().to_string()
}

fn show(run: &Value, json: bool) -> Result<(), Failure> {
    if json {
        return say_json(run);
    }
    let at = |name: &str| (!run[name].is_null()).then(|| format!("{} UTC", time(&run[name])));
    let words = [
        ("import", text(run, "import_id")),
        ("status", text(run, "status")),
        ("sources", Some(sources(run))),
        ("started", at("started_at")),
        ("ended", at("finished_at")),
        ("error", text(run, "error")),
    ];
    let options = run["options"]
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
    let counts = COUNTS.map(|name| (name, Some(number(run, name))));
    for (name, value) in words.into_iter().chain(options).chain(counts) {
        if let Some(value) = value {
            say(format_args!("{name:<13} {}", plain(&value)))?;
        }
    }
    by(run, "rejected_by_reason", "rejected as")?;
    by(run, "repaired_by_rule", "repaired by")
}

/// Prints the totals of all sources by reason or by rule.
fn by(run: &Value, member: &str, words: &str) -> Result<(), Failure> {
    let counts = run["report"]["total"][member].as_object();
    for (word, n) in counts.into_iter().flatten() {
        say(format_args!("{words} {word}: {n}"))?;
    }
    Ok(())
}

async fn rejects(target: &Target, one: &One) -> Result<(), Failure> {
    let mut after = None;
    loop {
        let page = page_of_rejects(target, &one.import_id, after).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = last["reject_id"].as_i64();
        for reject in &page {
            if one.json {
                say_json(reject)?;
                continue;
            }
            let word = |name: &str| reject[name].as_str().unwrap_or("-");
            say(plain(&format!(
                "{} {} {}: {}",
                word("file"),
                word("key"),
                word("reason"),
                word("detail")
            )))?;
        }
    }
}

/// Returns the rejects behind one with a number, as JSON.
async fn page_of_rejects(
    target: &Target,
    id: &str,
    after: Option<i64>,
) -> Result<Vec<Value>, Failure> {
    match target {
        Target::Database(app) => {
            let page = app.jobs.list_import_rejects(id, after, PAGE).await?;
            Ok(page.iter().map(reject_json).collect())
        }
        Target::Server(server) => {
            let mut query = vec![("limit", PAGE.to_string())];
            query.extend(after.map(|after| ("cursor", after.to_string())));
            let path = path(&["imports", id, "rejects"], &query)?;
            Ok(taken(&mut server.get(&path).await?, "rejects"))
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

fn sources(run: &Value) -> String {
    let files = run["options"]["files"].as_array().into_iter().flatten();
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
