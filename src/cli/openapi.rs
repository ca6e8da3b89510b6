//! The `callsheet openapi` command.

use super::Failure;
use crate::api::spec;
use clap::{Args, ValueEnum};
use std::{io::Write, process::ExitCode};

#[derive(Args)]
pub struct Arguments {
    /// Version and format of the document
    #[arg(long, value_enum, default_value_t = Rendering::Json)]
    format: Rendering,
}

#[derive(Clone, Copy, ValueEnum)]
enum Rendering {
    /// OpenAPI 3.1.0 as JSON
    Json,
    /// OpenAPI 3.1.0 as YAML
    Yaml,
    /// OpenAPI 3.0.3 as JSON
    #[value(name = "json-3.0")]
    Json30,
}

pub fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let text = match arguments.format {
        Rendering::Json => spec::json(),
        Rendering::Yaml => spec::yaml(),
        Rendering::Json30 => spec::json_3_0(),
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
