//! Waiting for a state that nothing announces.

use std::time::{Duration, Instant};

const LONGEST: Duration = Duration::from_secs(60);

/// Ends a loop that checks a state again and again: the call that should bring the state about may
/// have failed, and the test would wait for ever.
pub struct Patience(Instant);

impl Patience {
    pub fn begin() -> Self {
        Self(Instant::now())
    }

    /// Lets other tasks run before the next check. Panics 60 seconds after the beginning; `what` is
    /// the state that the test waits for.
    pub async fn pause(&self, what: &str) {
        assert!(self.0.elapsed() < LONGEST, "not within {LONGEST:?}: {what}");
        tokio::task::yield_now().await;
    }
}
