//! A clock that does not move until the test moves it.

use callsheet::clock::Clock;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::atomic::{AtomicI64, Ordering};

/// Initial time: 2026-01-01 00:00:00 UTC, in microseconds since 1970.
const START: i64 = 1_767_225_600_000_000;

pub struct TestClock(AtomicI64);

impl Default for TestClock {
    fn default() -> Self {
        Self(AtomicI64::new(START))
    }
}

impl TestClock {
    pub fn set(&self, now: DateTime<Utc>) {
        self.0.store(now.timestamp_micros(), Ordering::SeqCst);
    }

    /// Moves the clock forward, and returns the new time.
    pub fn advance(&self, by: TimeDelta) -> DateTime<Utc> {
        self.0
            .fetch_add(by.num_microseconds().unwrap(), Ordering::SeqCst);
        self.now()
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0.load(Ordering::SeqCst)).unwrap()
    }
}
