//! The program: parse, dispatch, exit code.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    callsheet::cli::run().await
}
