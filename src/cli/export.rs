//! The `callsheet export` command.

use super::{Failure, out::note};
use crate::{
    app::App,
    db::unreadable_rows,
    export::{self, ExportError, Output},
};
use clap::{Args, ValueEnum};
use std::{path::PathBuf, process::ExitCode};

/// Exit code if all readable rows were written but some rows could not be read.
const SOME_UNREADABLE: u8 = 3;

#[derive(Args)]
pub struct Arguments {
    /// Format of the output
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
    /// File to write to instead of standard output; compressed if its name ends in .gz or .zst
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// One line of JSON per job, with its items and its history; `import` can read it
    Jsonl,
    /// One row per job. Objects and lists are JSON text. A text that begins with = + - @ or a tab
    /// gets an apostrophe before it, so that no spreadsheet runs it
    Csv,
}

pub async fn run(app: App, arguments: Arguments) -> Result<ExitCode, Failure> {
    let mut out = match &arguments.output {
        Some(path) => {
            super::spare_database(&app, path)?;
            Output::file(path)?
        }
        None => Output::stdout(),
    };
    let written = match arguments.format {
        Format::Jsonl => export::jsonl(&app.jobs, &mut out).await,
        Format::Csv => export::csv(&app.jobs, &mut out).await,
    };
    let jobs = match written {
        Ok(jobs) => jobs,
        Err(ExportError::Write(error)) => return Err(Failure::Output(error)),
        Err(error) => return Err(Failure::Other(error.to_string())),
    };
    out.finish()?;
    if let Some(path) = arguments.output {
        note(format_args!("{jobs} jobs in {}", path.display()));
    }
    match unreadable_rows() {
        0 => Ok(ExitCode::SUCCESS),
        rows => {
            note(format_args!(
                "{rows} rows of the database can't be read and were left out: the log names them"
            ));
            Ok(ExitCode::from(SOME_UNREADABLE))
        }
    }
}
