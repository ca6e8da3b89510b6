//! Queue of waiting writes.

use super::queued::QueuedWrite;
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

/// Maximum writes per transaction. Larger transactions gain nothing, and their first writes wait
/// longer.
const MAX_BATCH: usize = 64;

/// Queue of writes that run one transaction after the other.
#[derive(Default)]
pub struct WriteQueue(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: VecDeque<QueuedWrite>,
    running: bool,
}

impl WriteQueue {
    /// Adds a write. Returns true if the queue is idle, so that the caller has to run it.
    pub fn push(&self, entry: QueuedWrite) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.waiting.push_back(entry);
        !std::mem::replace(&mut state.running, true)
    }

    /// Takes the writes that share the next transaction, in the order of their arrival. Returns
    /// `None` if none waits; the queue is idle then.
    pub fn take(&self) -> Option<Vec<QueuedWrite>> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first_large = state
            .waiting
            .iter()
            .take(MAX_BATCH)
            .position(|entry| entry.is_large());
        let together = match first_large {
            Some(0) => 1,
            Some(n) => n,
            None => MAX_BATCH.min(state.waiting.len()),
        };
        let batch: Vec<_> = state.waiting.drain(..together).collect();
        state.running = !batch.is_empty();
        state.running.then_some(batch)
    }
}
