//! The program: parse, dispatch, exit code.

use callsheet::{cli, lines, telemetry, threads};
use std::{process::ExitCode, time::Duration};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long is waited at the end for threads that cannot be ended, such as one that reads a pipe to which nobody writes.
const GRACE: Duration = Duration::from_secs(2);

/// How long the last lines may take to be written.
const LAST_LINES: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    callsheet::process::make_private_files();
    let runtime = match threads::start_runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            threads::refuse(error);
            return ExitCode::FAILURE;
        }
    };
    telemetry::report_panics();
    let code = runtime.block_on(cli::run());
    runtime.shutdown_timeout(GRACE);
    lines::flush(LAST_LINES);
    code
}
