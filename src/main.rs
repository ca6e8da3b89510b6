//! The program: parse, dispatch, exit code.

use std::process::ExitCode;

/// Every request makes and drops hundreds of small values, on both of whose sides the system's allocator shows.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    callsheet::cli::run().await
}
