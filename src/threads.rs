//! The threads of the process. It starts all threads that it always needs before its work begins.
//! If the system refuses one, the process reports that and ends, instead of hanging in the middle
//! of a call.

use std::{
    fmt::Display,
    io::{self, Write},
    sync::{Arc, Barrier},
    thread,
    time::Duration,
};
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinSet,
    time::timeout,
};

/// Threads for blocking calls, such as reading a file, that never end. Such a call finds one even
/// if no new thread can be started.
const MIN_BLOCKING_THREADS: usize = 4;

/// Maximum number of threads for blocking calls.
const MAX_BLOCKING_THREADS: usize = 256;

/// Number of other threads: those that write lines, and the first connections to a SQLite file.
const OTHER_THREADS: usize = 6;

/// Maximum time to start the threads that never end.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// Time for which each of these threads is kept busy at the start, so that no call shares a thread
/// with another.
const HOLD_TIME: Duration = Duration::from_millis(2);

/// Starts the runtime with all threads that it needs. A trial starts as many threads before,
/// because tokio panics when the system refuses one, and then waits for the others forever.
pub fn start_runtime() -> io::Result<Runtime> {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    try_to_make(workers + MIN_BLOCKING_THREADS + OTHER_THREADS)?;
    crate::lines::start();
    std::panic::set_hook(Box::new(|panic| {
        refuse(panic);
        std::process::exit(1);
    }));
    let kept_for_ever = Duration::from_secs(u32::MAX.into());
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(MAX_BLOCKING_THREADS)
        .thread_keep_alive(kept_for_ever)
        .build()?;
    let made = runtime.block_on(async { timeout(START_TIMEOUT, keep_threads()).await });
    let _ = std::panic::take_hook();
    made.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?;
    Ok(runtime)
}

/// Reports that the system has no threads for the program, without a thread to do so.
pub fn refuse(why: impl Display) {
    let _ = writeln!(
        io::stderr(),
        "callsheet: the program cannot start its threads: {why}; raise the limit of processes (ulimit -u, or the \
         container's limit of pids), or end others"
    );
}

/// Starts `count` threads at once and ends them again, to find out whether the system allows them.
fn try_to_make(count: usize) -> io::Result<()> {
    let barrier = Arc::new(Barrier::new(count + 1));
    let mut made = Vec::with_capacity(count);
    for _ in 0..count {
        let all = barrier.clone();
        match thread::Builder::new().spawn(move || {
            all.wait();
        }) {
            Ok(thread) => made.push(thread),
            // The threads that were started wait until the process ends, which it does now.
            Err(error) => return Err(error),
        }
    }
    barrier.wait();
    made.into_iter().for_each(|thread| drop(thread.join()));
    Ok(())
}

async fn keep_threads() {
    let mut busy = JoinSet::new();
    for _ in 0..MIN_BLOCKING_THREADS {
        #[allow(
            clippy::disallowed_methods,
            reason = "each of these threads is to be busy, and none is the runtime's"
        )]
        busy.spawn_blocking(|| thread::sleep(HOLD_TIME));
    }
    while busy.join_next().await.is_some() {}
}
