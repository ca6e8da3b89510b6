//! The `callsheet completions` command.

use super::{Failure, command::Cli};
use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};
use std::{io::Write, process::ExitCode};

#[derive(Args)]
pub struct Arguments {
    /// Shell that reads the script: bash, zsh, fish, elvish or powershell
    #[arg(hide_possible_values = true)]
    shell: Shell,
}

/// Prints a script that completes the commands and the flags.
pub fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    generate(
        arguments.shell,
        &mut Cli::command(),
        "callsheet",
        &mut script,
    );
    std::io::stdout().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}
