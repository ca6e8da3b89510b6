//! Stop requests for a whole worker.

use std::sync::{Arc, OnceLock};
use tokio::sync::watch;

/// Level of a stop request, in order of urgency.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum StopLevel {
    No,
    /// The worker claims no more jobs; running attempts may end by themselves.
    Drain,
    /// First signal: the worker asks its attempts to end and releases their jobs.
    Gently,
    /// Second signal: the worker ends its attempts.
    AtOnce,
}

/// Stop level of a worker. Clones share it.
#[derive(Clone)]
pub struct Stop {
    level: Arc<watch::Sender<StopLevel>>,
    untold: Arc<OnceLock<()>>,
}

impl Stop {
    pub fn now(&self) -> StopLevel {
        *self.level.borrow()
    }

    pub fn watch(&self) -> watch::Receiver<StopLevel> {
        self.level.subscribe()
    }

    /// Returns when the level is at least this one.
    pub async fn reached(&self, level: StopLevel) {
        let mut stop = self.watch();
        // An error is impossible while `self` has the sender. The result holds a lock for which a
        // second signal would wait, so it is dropped here.
        let _ = stop.wait_for(|stop| *stop >= level).await;
    }

    /// Raises the stop level, and never lowers it.
    pub fn raise(&self, level: StopLevel) {
        self.level.send_if_modified(|now| {
            let raised = level > *now;
            *now = level.max(*now);
            raised
        });
    }

    /// Raises the level as a signal does: to `Gently`, and the second time to `AtOnce`.
    pub fn signal(&self) {
        self.raise(if self.now() < StopLevel::Gently {
            StopLevel::Gently
        } else {
            StopLevel::AtOnce
        });
    }

    /// Records that the server did not get the outcome of a job.
    pub fn untold(&self) {
        let _ = self.untold.set(());
    }

    /// Returns whether the server did not get the outcome of a job.
    pub fn is_untold(&self) -> bool {
        self.untold.get().is_some()
    }
}

impl Default for Stop {
    fn default() -> Self {
        Self {
            level: Arc::new(watch::Sender::new(StopLevel::No)),
            untold: Arc::default(),
        }
    }
}
