//! Tracks whether the disk of the database has room, by the outcome of the writes.

use crate::error::Error;
use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// Minimum time between two log lines about a full disk: small writes may succeed between large
/// ones that fail.
const REPEAT: Duration = Duration::from_secs(60);

/// Logs that the disk is full, and that it has room again.
#[derive(Default)]
pub struct Disk {
    full: AtomicBool,
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    refused: Option<Instant>,
    logged: Option<Instant>,
}

impl Disk {
    /// Records the outcome of a write.
    pub fn note(&self, error: Option<&Error>) {
        match error {
            Some(Error::DiskFull(source)) => self.refused(&source.to_string()),
            None if self.full.load(Ordering::Relaxed) => self.has_room(),
            _ => {}
        }
    }

    /// Time since a write was refused; `None` if none was since the start.
    pub fn was_full(&self) -> Option<Duration> {
        self.last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .refused
            .map(|at| at.elapsed())
    }

    fn refused(&self, error: &str) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.refused = Some(Instant::now());
        self.full.store(true, Ordering::Relaxed);
        if last.logged.is_none_or(|at| at.elapsed() >= REPEAT) {
            last.logged = last.refused;
            tracing::error!(
                error,
                "the disk of the database is full: changes are refused with 507 disk_full, and reads go on; \
                 make room on the disk, and changes are made again without a restart"
            );
        }
    }

    fn has_room(&self) {
        if self.full.swap(false, Ordering::Relaxed) {
            tracing::info!("the disk of the database has room again");
        }
    }
}
