//! The command line, one file per command. Results go to standard output, everything else to
//! standard error.

mod answers;
mod archive;
mod audit;
mod backup;
mod command;
mod completions;
mod dispatch;
pub mod doctor;
mod export;
mod failure;
mod import;
mod import_progress;
mod imports;
mod jobs;
mod keys;
mod migrate;
mod open;
mod openapi;
mod out;
mod queue;
mod remote;
mod restore;
mod retention;
mod schedules;
mod serve;
mod servers;
mod stop_signal;
mod target;
mod webhooks;
mod work;
mod workers;

pub use command::help;
pub use failure::Failure;

use crate::{app::App, atomic_file, db::sqlite_file, printable::printable};
use dispatch::dispatch;
use std::{path::Path, process::ExitCode};

/// Runs the command given by the arguments, and returns its exit code.
pub async fn run() -> ExitCode {
    match dispatch().await {
        Ok(code) => code,
        // The reader of the output has closed the pipe, e.g. `callsheet export | head`.
        Err(Failure::Output(e)) if e.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            out::note(format_args!("callsheet: {failure}"));
            ExitCode::from(failure.code())
        }
    }
}

/// Rejects an output file that would overwrite the database.
fn spare_database(app: &App, file: &Path) -> Result<(), Failure> {
    let database = sqlite_file(&app.config.database_url);
    match database.is_some_and(|database| atomic_file::would_change(file, &[database])) {
        true => Err(Failure::Usage(format!(
            "{} is the database itself: name another file",
            file.display()
        ))),
        false => Ok(()),
    }
}

/// Returns untrusted text in one line, with terminal control characters escaped.
fn plain(text: &str) -> String {
    printable(text).into_owned()
}
