//! Delay before the next attempt of a failed job.

use chrono::TimeDelta;

const BASE_DELAY: TimeDelta = TimeDelta::seconds(5);
const MAX_DELAY: TimeDelta = TimeDelta::hours(1);

/// Returns the delay: exponential backoff with "equal jitter" (M. Brooker, "Exponential Backoff And
/// Jitter", 2015). After the n-th attempt it is between half of and the whole of 5 s × 2^(n-1), at
/// most an hour. `jitter` is a number in 0.0..1.0.
pub fn backoff(attempt: i32, jitter: f64) -> TimeDelta {
    let doublings = attempt.saturating_sub(1).clamp(0, 20);
    let whole = (BASE_DELAY * 2_i32.pow(doublings.unsigned_abs())).min(MAX_DELAY);
    let half = whole / 2;
    half + TimeDelta::microseconds(
        (half.num_microseconds().unwrap_or(0) as f64 * jitter.clamp(0.0, 1.0)) as i64,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_wait_is_between_half_and_the_whole_of_its_step_and_never_above_an_hour(
            attempt: i32,
            jitter in 0.0..1.0f64,
        ) {
            let wait = backoff(attempt, jitter);
            prop_assert!(wait >= BASE_DELAY / 2 && wait <= MAX_DELAY);
        }

        #[test]
        fn later_attempts_wait_at_least_as_long(attempt in 1i32..100, jitter in 0.0..1.0f64) {
            prop_assert!(backoff(attempt + 1, jitter) >= backoff(attempt, jitter));
        }
    }

    #[test]
    fn the_first_retry_comes_within_five_seconds() {
        assert_eq!(backoff(1, 0.0), TimeDelta::milliseconds(2500));
        assert_eq!(backoff(1, 1.0), TimeDelta::seconds(5));
    }
}
