//! Memory permits for records between the reader and the database: for a bounded number of batches,
//! or for one heavy record. The whole process holds only one heavy record at a time, since each
//! step copies it.

use super::super::stop::StopFlag;
use std::sync::Arc;
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit},
};

/// Maximum batches of a run in memory.
const MAX_BATCHES: u32 = 4;

static HEAVY: Semaphore = Semaphore::const_new(1);

/// Memory permits of one run.
pub struct MemoryPermits(Arc<Semaphore>);

/// Memory permit, held until its records are written.
pub struct MemoryPermit {
    _batches: OwnedSemaphorePermit,
    _alone: Option<SemaphorePermit<'static>>,
}

impl Default for MemoryPermits {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_BATCHES as usize)))
    }
}

impl MemoryPermits {
    /// Waits for the permit of a batch; `None` when the run is to stop.
    pub fn batch(&self, stop: &StopFlag) -> Option<MemoryPermit> {
        let batch = self.0.clone().acquire_owned();
        let room = async {
            Some(MemoryPermit {
                _batches: batch.await.ok()?,
                _alone: None,
            })
        };
        Handle::current().block_on(stop.unless_requested(room))
    }

    /// Waits until all earlier batches are written and no run has another heavy record; `None` when
    /// the run is to stop.
    pub fn alone(&self, stop: &StopFlag) -> Option<MemoryPermit> {
        let all = self.0.clone().acquire_many_owned(MAX_BATCHES);
        let room = async {
            Some(MemoryPermit {
                _batches: all.await.ok()?,
                _alone: Some(HEAVY.acquire().await.ok()?),
            })
        };
        Handle::current().block_on(stop.unless_requested(room))
    }
}
