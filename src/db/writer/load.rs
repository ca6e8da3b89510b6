//! Number and bytes of the waiting and running writes, and their limits.

use crate::error::{Error, Result};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Maximum waiting writes of all queues; further ones are refused at once.
const MAX_QUEUED_WRITES: usize = 8192;

/// Maximum bytes that the waiting writes hold, approximately.
const MAX_QUEUED_BYTES: usize = 128 << 20;

/// Number and bytes of the waiting and running writes.
#[derive(Default)]
pub struct QueueLoad(Arc<Counters>);

#[derive(Default)]
struct Counters {
    writes: AtomicUsize,
    bytes: AtomicUsize,
}

impl QueueLoad {
    pub fn writes(&self) -> usize {
        self.0.writes.load(Ordering::Relaxed)
    }

    /// Counts one more write until the share is dropped. Errors: `Overloaded`, if a limit is
    /// reached.
    pub fn add(&self, bytes: usize) -> Result<LoadReservation> {
        let share = LoadReservation {
            of: self.0.clone(),
            bytes,
        };
        let writes = self.0.writes.fetch_add(1, Ordering::Relaxed);
        let held = self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
        // A write that exceeds the limit by itself is accepted if no other waits.
        if writes >= MAX_QUEUED_WRITES || (held > 0 && held + bytes > MAX_QUEUED_BYTES) {
            Err(Error::Overloaded)
        } else {
            Ok(share)
        }
    }
}

pub struct LoadReservation {
    of: Arc<Counters>,
    bytes: usize,
}

impl Drop for LoadReservation {
    fn drop(&mut self) {
        self.of.writes.fetch_sub(1, Ordering::Relaxed);
        self.of.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
