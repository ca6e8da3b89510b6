//! File descriptors, which connections need as well as the database, media files and uploads.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors reserved for everything but connections, if the limit is at least twice as high.
const RESERVED: u64 = 128;

/// Raises the descriptor limit of this process as far as its user may. If the system refuses, the
/// limit does not change.
pub fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let _ = setrlimit(
            Resource::Nofile,
            Rlimit {
                current: limit.maximum,
                maximum: limit.maximum,
            },
        );
    }
}

/// Returns the number of descriptors to which this process may raise its limit.
pub fn highest() -> u64 {
    getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX)
}

/// Returns the number of connections that fit into the descriptor limit of this process.
pub fn room_for_connections() -> usize {
    let Some(limit) = getrlimit(Resource::Nofile).current else {
        return usize::MAX;
    };
    usize::try_from(limit.saturating_sub(RESERVED).max(limit / 2)).unwrap_or(usize::MAX)
}
