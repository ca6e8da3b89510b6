//! Sequential ids, and a jitter that the test sets.

use callsheet::random::Random;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Default)]
pub struct TestRandom {
    ids: AtomicU64,
    jitter: AtomicU64,
}

impl TestRandom {
    /// Sets the jitter, which is 0.0 at first.
    pub fn set_jitter(&self, jitter: f64) {
        self.jitter.store(jitter.to_bits(), Ordering::SeqCst);
    }
}

impl Random for TestRandom {
    fn id(&self) -> String {
        // The shape of a UUIDv7; the counter keeps the ids in order of creation.
        format!(
            "019b7000-0000-7000-8000-{:012x}",
            self.ids.fetch_add(1, Ordering::SeqCst) + 1
        )
    }

    fn jitter(&self) -> f64 {
        f64::from_bits(self.jitter.load(Ordering::SeqCst))
    }
}
