//! Detection of a call that something before the server does not let pass, such as a proxy with a
//! smaller limit for bodies: other calls pass, and this one fails again and again.

use std::time::Duration;
use tokio::time::Instant;

/// Minimum time for which a call has to fail while others pass.
const MIN_TIME: Duration = Duration::from_secs(10);

/// History of a call with content, and of empty calls between its tries.
#[derive(Debug)]
pub struct Obstruction {
    /// Time for which the call has to fail.
    time: Duration,
    /// First failure since a call with content passed or an empty one failed.
    since: Option<Instant>,
    /// True if an empty call has to be tried next.
    suspected: bool,
    /// True if an empty call passed since the first failure.
    empty_passed: bool,
}

impl Obstruction {
    pub fn new(lease: Duration) -> Self {
        Self {
            time: lease.max(MIN_TIME),
            since: None,
            suspected: false,
            empty_passed: false,
        }
    }

    /// Returns whether the last call with content failed, so that an empty one comes next.
    pub fn is_suspected(&self) -> bool {
        self.suspected
    }

    /// Notes a call that passed. Returns whether the next one is a repetition that has to wait.
    pub fn passed(&mut self, empty: bool) -> bool {
        let suspected = std::mem::take(&mut self.suspected);
        self.empty_passed |= empty;
        if !empty {
            self.since = None;
            self.empty_passed = false;
        }
        suspected
    }

    /// Notes a call that failed.
    pub fn failed(&mut self, empty: bool, now: Instant) {
        self.suspected = !empty;
        if empty {
            self.since = None;
            self.empty_passed = false;
        } else {
            self.since.get_or_insert(now);
        }
    }

    /// Returns whether the call that failed now did so for long enough, while empty calls passed.
    pub fn is_lasting(&self, empty: bool, now: Instant) -> bool {
        let failed_long = self.since.is_some_and(|since| now - since >= self.time);
        !empty && failed_long && self.empty_passed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_obstructed_if_it_fails_for_a_lease_while_empty_ones_pass() {
        let mut obstruction = Obstruction::new(Duration::from_secs(60));
        let mut now = Instant::now();
        for _ in 0..30 {
            assert!(!obstruction.is_lasting(false, now));
            obstruction.failed(false, now);
            assert!(obstruction.is_suspected());
            now += Duration::from_secs(2);
            assert!(obstruction.passed(true) && !obstruction.is_suspected());
        }
        assert!(obstruction.is_lasting(false, now) && !obstruction.is_lasting(true, now));
    }

    #[test]
    fn a_server_that_is_away_obstructs_nothing() {
        let mut obstruction = Obstruction::new(Duration::from_secs(1));
        let mut now = Instant::now();
        for empty in [false, true].repeat(30) {
            assert!(!obstruction.is_lasting(empty, now));
            obstruction.failed(empty, now);
            now += Duration::from_secs(2);
        }
        obstruction.passed(true);
        assert!(!obstruction.is_lasting(false, now));
        assert!(!obstruction.passed(false));
    }
}
