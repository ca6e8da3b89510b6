//! File descriptors: each connection takes one, and so do the database, media files and uploads.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that connections leave to everything else, if there are twice as many.
const RESERVED: u64 = 128;

/// Raises the limit of this process as far as its user may. Where the system refuses, it stays as it is.
pub fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    }
}

/// Connections that fit into the limit of this process.
pub fn room_for_connections() -> usize {
    let Some(limit) = getrlimit(Resource::Nofile).current else { return usize::MAX };
    usize::try_from(limit.saturating_sub(RESERVED).max(limit / 2)).unwrap_or(usize::MAX)
}
