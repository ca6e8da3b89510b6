//! The threads of the process. All that it always needs are made before it begins its work: where the system has no more
//! of them, it says so and ends, rather than to hang in the middle of a call.

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

/// Threads for calls that block, such as reading a file, that are never ended: such a call finds one even when no new
/// thread can be made.
const KEPT: usize = 4;

/// Threads for such calls at most.
const MOST: usize = 256;

/// Threads that are made besides: those that write lines, and the first connections to a SQLite file.
const OTHERS: usize = 6;

/// For the kept threads to be made.
const PATIENCE: Duration = Duration::from_secs(10);

/// For each of them to have a thread of its own.
const BUSY: Duration = Duration::from_millis(2);

/// The runtime, with all threads that it needs. Its threads cannot be made one by one: tokio panics when the system
/// refuses one of them, and then waits for the others for ever.
pub fn start_runtime() -> io::Result<Runtime> {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    try_to_make(workers + KEPT + OTHERS)?;
    crate::lines::start();
    std::panic::set_hook(Box::new(|panic| {
        refuse(panic);
        std::process::exit(1);
    }));
    let kept_for_ever = Duration::from_secs(u32::MAX.into());
    let runtime =
        Builder::new_multi_thread().enable_all().max_blocking_threads(MOST).thread_keep_alive(kept_for_ever).build()?;
    let made = runtime.block_on(async { timeout(PATIENCE, keep_threads()).await });
    let _ = std::panic::take_hook();
    made.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?;
    Ok(runtime)
}

/// Says that the system has no threads for the program, without a thread to say it.
pub fn refuse(why: impl Display) {
    let _ = writeln!(
        io::stderr(),
        "callsheet: the program cannot start its threads: {why}; raise the limit of processes (ulimit -u, or the \
         container's limit of pids), or end others"
    );
}

/// Makes as many threads at once, and ends them again.
fn try_to_make(count: usize) -> io::Result<()> {
    let barrier = Arc::new(Barrier::new(count + 1));
    let mut made = Vec::with_capacity(count);
    for _ in 0..count {
        let all = barrier.clone();
        match thread::Builder::new().spawn(move || {
            all.wait();
        }) {
            Ok(thread) => made.push(thread),
            // Those that were made wait until the process ends, which it does now.
            Err(error) => return Err(error),
        }
    }
    barrier.wait();
    made.into_iter().for_each(|thread| drop(thread.join()));
    Ok(())
}

async fn keep_threads() {
    let mut busy = JoinSet::new();
    for _ in 0..KEPT {
        #[allow(clippy::disallowed_methods, reason = "each of these threads is to be busy, and none is the runtime's")]
        busy.spawn_blocking(|| thread::sleep(BUSY));
    }
    while busy.join_next().await.is_some() {}
}
