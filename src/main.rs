//! The program: parses the arguments, runs the command, and returns the exit code.

use callsheet::{cli, lines, telemetry, threads};
use std::{process::ExitCode, time::Duration};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Maximum wait at the end for threads that cannot be stopped, such as one that reads from a pipe
/// without a writer.
const GRACE: Duration = Duration::from_secs(2);

/// Maximum time to write the last lines.
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
