//! `callsheet imports list`: a page of imports.

use super::json::{COUNTS, number, run_json, sources};
use crate::{
    cli::{
        Failure,
        answers::{known, taken, text, time},
        out::{say, say_json},
        plain,
        remote::path,
        target::Target,
    },
    lifecycle::Cursor,
};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets::NOTHING};
use serde_json::{Value, json};

/// Prints a page of imports.
pub async fn list(
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
        let counts = COUNTS.map(|(name, _)| number(run, name));
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

fn word(run: &Value, name: &str) -> String {
    plain(run[name].as_str().unwrap_or("-"))
}
