//! Resource limits of the child process that reads a SQLite file.

use rustix::process::{
    Resource, Rlimit, Signal, getrlimit, set_parent_process_death_signal, setrlimit,
};
use std::{fs, io, time::Duration};

/// Bytes of memory that the process may take beyond those at its start.
pub const MEMORY: u64 = 512 << 20;

/// Maximum processor time of the process.
pub const CPU: Duration = Duration::from_secs(10 * 60);

/// Maximum size of a file that the process writes, in bytes. It writes only to a copy of a
/// database, into which SQLite merges pending changes.
const WRITES: u64 = 8 << 30;

/// Limits this process irrevocably. The kernel kills it when its parent process ends.
pub fn limit_this_process() -> io::Result<()> {
    let [size, data] = in_use().unwrap_or([MEMORY; 2]);
    lower(Resource::Data, data + MEMORY)?;
    // Allocators reserve addresses that they do not use.
    lower(Resource::As, size + 2 * MEMORY)?;
    lower(Resource::Cpu, CPU.as_secs())?;
    lower(Resource::Core, 0)?;
    lower(Resource::Fsize, WRITES)?;
    Ok(set_parent_process_death_signal(Some(Signal::KILL))?)
}

/// Lowers a limit; a limit that is lower already stays.
fn lower(resource: Resource, to: u64) -> io::Result<()> {
    let now = getrlimit(resource);
    let least = |limit: Option<u64>| Some(limit.map_or(to, |limit| limit.min(to)));
    Ok(setrlimit(
        resource,
        Rlimit {
            current: least(now.current),
            maximum: least(now.maximum),
        },
    )?)
}

/// Bytes of the process's address space, and of its writable part.
fn in_use() -> Option<[u64; 2]> {
    let pages = fs::read_to_string("/proc/self/statm").ok()?;
    let bytes = |field: usize| {
        let pages: u64 = pages.split(' ').nth(field)?.parse().ok()?;
        Some(pages * rustix::param::page_size() as u64)
    };
    Some([bytes(0)?, bytes(5)?])
}
