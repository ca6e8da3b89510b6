//! `callsheet import`.

use super::Failure;
use crate::{
    app::App,
    import::{self, Fate, Interrupted, Options, Outcome, Report, SourceKind},
};
use chrono_tz::Tz;
use clap::{Args, builder::PossibleValuesParser};
use comfy_table::{CellAlignment, Table, presets::NOTHING};
use std::{path::PathBuf, process::ExitCode};

/// Exit code when all that could come in did, but something was rejected.
const SOME_REJECTED: u8 = 3;

#[derive(Args)]
pub struct Arguments {
    /// JSON dumps of older stores; each record is recognised by its fields
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The store that the files are of, where recognition is not wanted
    #[arg(long, value_name = "STORE", value_parser = source())]
    from: Option<String>,
    /// Zone of local times that name none, e.g. America/New_York
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = zone)]
    source_tz: Tz,
    /// What becomes of jobs that were processing in a store whose process is gone
    #[arg(long, value_name = "WHAT", default_value = "keep", value_parser = interrupted())]
    interrupted: String,
    /// Read and check everything, write nothing
    #[arg(long)]
    dry_run: bool,
    /// Tell only of rejected records, and of the sums
    #[arg(long, short)]
    quiet: bool,
}

pub async fn run(app: App, arguments: Arguments) -> Result<ExitCode, Failure> {
    let options = Options {
        files: arguments.files,
        source: arguments.from.and_then(|name| name.parse().ok()),
        source_tz: arguments.source_tz,
        interrupted: arguments.interrupted.parse().unwrap_or_default(),
        dry_run: arguments.dry_run,
    };
    let quiet = arguments.quiet;
    let mut tell = move |outcome: &Outcome| {
        if !quiet || matches!(outcome.fate, Fate::Rejected(_)) {
            println!("{}", line(outcome));
        }
    };
    let report = import::run(&app.jobs, &options, &mut tell).await.map_err(|e| Failure::Other(e.to_string()))?;
    println!("\n{}", table(&report));
    for (reason, records) in &report.total.reasons {
        println!("rejected as {reason}: {records}");
    }
    match &report.import_id {
        Some(id) => println!("kept as import {id}"),
        None => println!("dry run: nothing was written"),
    }
    Ok(if report.total.rejected > 0 { ExitCode::from(SOME_REJECTED) } else { ExitCode::SUCCESS })
}

fn line(outcome: &Outcome) -> String {
    let text = format!("{} {} {}", outcome.file.display(), outcome.id.clone().unwrap_or_else(|| outcome.at.to_string()), outcome.fate);
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn table(report: &Report) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["FILE", "FOUND", "IMPORTED", "ALREADY THERE", "REJECTED"]);
    let files = report.files.iter().map(|f| (f.file.display().to_string(), &f.counts));
    let total = (report.files.len() > 1).then(|| ("total".to_owned(), &report.total));
    for (name, c) in files.chain(total) {
        table.add_row([name, c.found.to_string(), c.imported.to_string(), c.already_there.to_string(), c.rejected.to_string()]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn interrupted() -> PossibleValuesParser {
    PossibleValuesParser::new(Interrupted::ALL.map(Interrupted::name))
}

fn source() -> PossibleValuesParser {
    PossibleValuesParser::new(SourceKind::ALL.map(SourceKind::name))
}

fn zone(text: &str) -> Result<Tz, String> {
    text.parse().map_err(|_| "use a name of the IANA time zone database, e.g. Europe/Berlin".to_owned())
}
