//! Memory for records between the reader and the database: a bounded number of batches, or a single record that takes
//! much. Of such records there is one at a time in the whole process, since each is copied on its way.

use super::super::stop::Stop;
use std::sync::Arc;
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit},
};

/// Batches of a run that are in memory at once.
const BATCHES: u32 = 4;

static HEAVY: Semaphore = Semaphore::const_new(1);

/// Of one run.
pub struct Rooms(Arc<Semaphore>);

/// Held until what it is for is written.
pub struct Room {
    _batches: OwnedSemaphorePermit,
    _alone: Option<SemaphorePermit<'static>>,
}

impl Default for Rooms {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(BATCHES as usize)))
    }
}

impl Rooms {
    /// Waits for the room of a batch; `None` when the run is to end.
    pub fn batch(&self, stop: &Stop) -> Option<Room> {
        let batch = self.0.clone().acquire_owned();
        let room = async { Some(Room { _batches: batch.await.ok()?, _alone: None }) };
        Handle::current().block_on(stop.unless_requested(room))
    }

    /// Waits until all batches before are written, and no run has another heavy record; `None` when the run is to end.
    pub fn alone(&self, stop: &Stop) -> Option<Room> {
        let all = self.0.clone().acquire_many_owned(BATCHES);
        let room = async { Some(Room { _batches: all.await.ok()?, _alone: Some(HEAVY.acquire().await.ok()?) }) };
        Handle::current().block_on(stop.unless_requested(room))
    }
}
