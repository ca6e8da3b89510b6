//! The `callsheet backup` command.

use super::{Failure, out::note};
use crate::app::App;
use clap::Args;
use std::{path::PathBuf, process::ExitCode};

#[derive(Args)]
pub struct Arguments {
    /// New file for the copy. SQLite: a database file, compressed if its name ends in .zst.
    /// PostgreSQL: a dump of pg_dump in the custom format
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub async fn run(app: App, arguments: Arguments) -> Result<ExitCode, Failure> {
    let made = app.jobs.database().back_up(&arguments.file).await?;
    let jobs = made
        .jobs
        .map(|jobs| format!("{jobs} jobs, "))
        .unwrap_or_default();
    note(format_args!(
        "Backup made: {jobs}{} bytes in {}",
        made.bytes,
        made.path.display()
    ));
    Ok(ExitCode::SUCCESS)
}
