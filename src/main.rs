//! The program: parse, dispatch, exit code.

use std::{process::ExitCode, time::Duration};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long is waited at the end for what can't be told to stop, as a thread that reads a pipe which nobody writes to.
const GRACE: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    callsheet::process::make_private_files();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("callsheet: the program cannot start its threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(callsheet::cli::run());
    runtime.shutdown_timeout(GRACE);
    code
}
