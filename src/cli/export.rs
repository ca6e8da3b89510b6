//! `callsheet export`.

use super::Failure;
use crate::{
    app::App,
    export::{self, ExportError},
};
use clap::{Args, ValueEnum};
use std::{io::BufWriter, process::ExitCode};

#[derive(Args)]
pub struct Arguments {
    /// One JSON object a line, or a table
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// A JSON object a job, each on a line, with its items
    Jsonl,
    /// A row a job; objects and items are JSON text
    Csv,
}

pub async fn run(app: App, arguments: Arguments) -> Result<ExitCode, Failure> {
    let mut out = BufWriter::new(std::io::stdout());
    let written = match arguments.format {
        Format::Jsonl => export::jsonl(&app.jobs, &mut out).await,
        Format::Csv => export::csv(&app.jobs, &mut out).await,
    };
    match written {
        Ok(_) => Ok(ExitCode::SUCCESS),
        Err(ExportError::Write(error)) => Err(Failure::Output(error)),
        Err(error) => Err(Failure::Other(error.to_string())),
    }
}
