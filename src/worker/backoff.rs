//! Delays between calls to a server that does not answer.

use std::time::Duration;

const BASE_DELAY: Duration = Duration::from_millis(100);
const MAX_DELAY: Duration = Duration::from_secs(5);

/// Exponential backoff with equal jitter. Delays double from 100 ms to at most 5 s; half of each is
/// fixed and half random, so that workers do not all return at once.
#[derive(Default)]
pub struct Backoff {
    tries: u32,
}

impl Backoff {
    /// Returns the delay before the next try. `jitter` is a random number in 0.0..1.0.
    pub fn next(&mut self, jitter: f64) -> Duration {
        let step = BASE_DELAY
            .saturating_mul(1 << self.tries.min(10))
            .min(MAX_DELAY);
        self.tries += 1;
        step.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
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
    }
}
