//! What the process that reads a SQLite file may have.

use rustix::process::{Resource, Rlimit, Signal, getrlimit, set_parent_process_death_signal, setrlimit};
use std::{fs, io, time::Duration};

/// Bytes of memory, beyond what the process has when it begins.
pub const MEMORY: u64 = 512 << 20;

/// Time on the processor.
pub const CPU: Duration = Duration::from_secs(10 * 60);

/// Bytes of a file that it may write: only a copy of a database, into which SQLite takes what was pending.
const WRITES: u64 = 8 << 30;

/// Limits this process for good. It ends with the process that started it.
pub fn limit_this_process() -> io::Result<()> {
    let [size, data] = in_use().unwrap_or([MEMORY; 2]);
    lower(Resource::Data, data + MEMORY)?;
    // Allocators set addresses aside that they do not use.
    lower(Resource::As, size + 2 * MEMORY)?;
    lower(Resource::Cpu, CPU.as_secs())?;
    lower(Resource::Core, 0)?;
    lower(Resource::Fsize, WRITES)?;
    Ok(set_parent_process_death_signal(Some(Signal::KILL))?)
}

/// A limit that is lower already stays.
fn lower(resource: Resource, to: u64) -> io::Result<()> {
    let now = getrlimit(resource);
    let least = |limit: Option<u64>| Some(limit.map_or(to, |limit| limit.min(to)));
    Ok(setrlimit(resource, Rlimit { current: least(now.current), maximum: least(now.maximum) })?)
}

/// Bytes of the address space that the process has, and of that what it may write to.
fn in_use() -> Option<[u64; 2]> {
    let pages = fs::read_to_string("/proc/self/statm").ok()?;
    let bytes = |field: usize| {
        let pages: u64 = pages.split(' ').nth(field)?.parse().ok()?;
        Some(pages * rustix::param::page_size() as u64)
    };
    Some([bytes(0)?, bytes(5)?])
}
