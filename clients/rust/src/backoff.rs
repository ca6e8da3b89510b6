//! Delays between calls to a server that does not answer.

use std::time::Duration;
use tokio::time::Instant;

const BASE_DELAY: Duration = Duration::from_millis(100);

/// Maximum delay from the beginning of one call to the beginning of the next. A server that was
/// away rescues no job before each living worker had time to call it: this delay, or the timeout of
/// a call, whichever is longer.
pub const MAX_DELAY: Duration = Duration::from_secs(5);

/// Exponential backoff with equal jitter. Delays double from 100 ms to at most 5 s; half of each is
/// fixed and half random, so that workers do not all return at once.
pub struct Backoff {
    tries: u32,
    most: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            tries: 0,
            most: MAX_DELAY,
        }
    }
}

impl Backoff {
    /// Returns delays that are shorter than the time after which a lease of this length is due for
    /// a heartbeat.
    pub fn within(lease: Duration) -> Self {
        Self {
            tries: 0,
            most: MAX_DELAY.min(lease / 3),
        }
    }

    /// Returns the delay before the next try. `jitter` is a random number in 0.0..1.0.
    pub fn next(&mut self, jitter: f64) -> Duration {
        let step = BASE_DELAY
            .saturating_mul(1 << self.tries.min(10))
            .min(self.most);
        self.tries += 1;
        step.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
    }

    /// Returns the time of the next try after one that began at `begun` and failed. The wait for an
    /// answer that did not come counts as a delay.
    pub fn after(&mut self, begun: Instant, jitter: f64) -> Instant {
        begun + self.next(jitter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_from_a_tenth_of_a_second_to_five_seconds() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..9).map(|_| backoff.next(1.0).as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
        assert_eq!(Backoff::default().next(0.0).as_millis(), 50);
        let mut short = Backoff::within(Duration::from_millis(1500));
        let waits: Vec<_> = (0..5).map(|_| short.next(1.0).as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 500, 500]);
    }
}
