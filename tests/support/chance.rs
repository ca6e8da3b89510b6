//! Ids that count up and jitter that the test sets.

use callsheet::chance::Chance;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Default)]
pub struct TestChance {
    ids: AtomicU64,
    jitter: AtomicU64,
}

impl TestChance {
    /// 0.0 until it is set.
    pub fn set_jitter(&self, jitter: f64) {
        self.jitter.store(jitter.to_bits(), Ordering::SeqCst);
    }
}

impl Chance for TestChance {
    fn id(&self) -> String {
        // The shape of a UUIDv7; the count keeps ids in the order of their birth.
        format!("019b7000-0000-7000-8000-{:012x}", self.ids.fetch_add(1, Ordering::SeqCst) + 1)
    }

    fn jitter(&self) -> f64 {
        f64::from_bits(self.jitter.load(Ordering::SeqCst))
    }
}
