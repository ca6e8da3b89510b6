//! A clock that does not move until the test moves it.

use callsheet::clock::Clock;
use chrono::{DateTime, TimeDelta, Utc};
use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

/// Initial time: 2026-01-01 00:00:00 UTC, in microseconds since 1970.
const START: i64 = 1_767_225_600_000_000;

pub struct TestClock {
    wall: AtomicI64,
    monotonic: AtomicI64,
}

impl Default for TestClock {
    fn default() -> Self {
        Self {
            wall: AtomicI64::new(START),
            monotonic: AtomicI64::new(0),
        }
    }
}

impl TestClock {
    /// Lets time pass until `now`.
    pub fn set(&self, now: DateTime<Utc>) {
        self.advance(now - self.now());
    }

    /// Moves the clock forward, and returns the new time.
    pub fn advance(&self, by: TimeDelta) -> DateTime<Utc> {
        let by = by.num_microseconds().unwrap();
        self.wall.fetch_add(by, Ordering::SeqCst);
        self.monotonic.fetch_add(by.max(0), Ordering::SeqCst);
        self.now()
    }

    /// Sets the clock forward or back, as an operator does: no time passes.
    pub fn jump(&self, by: TimeDelta) -> DateTime<Utc> {
        let by = by.num_microseconds().unwrap();
        self.wall.fetch_add(by, Ordering::SeqCst);
        self.now()
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.wall.load(Ordering::SeqCst)).unwrap()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.monotonic.load(Ordering::SeqCst).unsigned_abs())
    }
}
