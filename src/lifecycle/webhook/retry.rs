//! Delay before the next attempt of a delivery.

use chrono::{DateTime, TimeDelta, Utc};

/// Delays after the first attempt, the second, and so on, each varied by a fifth.
const DELAYS: [TimeDelta; 9] = [
    TimeDelta::seconds(5),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(5),
    TimeDelta::hours(10),
    TimeDelta::hours(14),
    TimeDelta::hours(20),
    TimeDelta::hours(24),
];

/// Longest time that a `Retry-After` counts.
const MAX_RETRY_AFTER: TimeDelta = TimeDelta::hours(24);

/// Time of nothing but failures after which a webhook is disabled.
pub const ENDPOINT_GRACE: TimeDelta = TimeDelta::days(5);

/// Returns the delay after the attempt with this number, from 1 on; `None` after the last. `jitter`
/// is a number in 0.0..1.0.
pub fn retry_delay(attempt: i32, jitter: f64) -> Option<TimeDelta> {
    let index = usize::try_from(attempt.checked_sub(1)?).ok()?;
    Some(varied(*DELAYS.get(index)?, jitter))
}

/// Returns the time of the next attempt: after the delay, or the last delay if there is none, and
/// not before what the response asked for in its `Retry-After`.
pub fn retry_time(
    attempt: i32,
    retry_after: Option<&str>,
    now: DateTime<Utc>,
    jitter: f64,
) -> DateTime<Utc> {
    let last = DELAYS[DELAYS.len() - 1];
    let delay = retry_delay(attempt, jitter).unwrap_or_else(|| varied(last, jitter));
    let asked = retry_after.and_then(|text| asked_delay(text, now));
    now + asked.map_or(delay, |asked| asked.min(MAX_RETRY_AFTER).max(delay))
}

/// Returns 0.8 to 1.2 times the delay.
fn varied(delay: TimeDelta, jitter: f64) -> TimeDelta {
    let micros = delay.num_microseconds().unwrap_or(0) as f64;
    TimeDelta::microseconds((micros * (0.8 + 0.4 * jitter.clamp(0.0, 1.0))) as i64)
}

/// Reads a `Retry-After`: seconds, or a date.
fn asked_delay(text: &str, now: DateTime<Utc>) -> Option<TimeDelta> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(TimeDelta::seconds(seconds.into()));
    }
    let date = DateTime::parse_from_rfc2822(text).ok()?;
    Some(date.to_utc() - now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delays_grow_from_seconds_to_a_day_and_vary_by_a_fifth() {
        let seconds = |attempt, jitter| retry_delay(attempt, jitter).map(|d| d.num_seconds());
        let middle: Vec<_> = (1..=10).map(|attempt| seconds(attempt, 0.5)).collect();
        let hours = |hours: i64| Some(hours * 3600);
        let expected = [
            Some(5),
            Some(300),
            Some(1800),
            hours(2),
            hours(5),
            hours(10),
            hours(14),
            hours(20),
            hours(24),
            None,
        ];
        assert_eq!(middle, expected);
        assert_eq!((seconds(1, 0.0), seconds(1, 1.0)), (Some(4), Some(6)));
        assert_eq!((seconds(0, 0.5), seconds(-5, 0.5)), (None, None));
    }

    #[test]
    fn a_response_may_ask_for_a_later_attempt_but_not_for_an_earlier_one() {
        let now = DateTime::UNIX_EPOCH;
        let after = |text| (retry_time(1, Some(text), now, 0.5) - now).num_seconds();
        assert_eq!(after("120"), 120);
        assert_eq!(after("1"), 5);
        assert_eq!(after("Thu, 01 Jan 1970 01:00:00 GMT"), 3600);
        assert_eq!(after("4000000000"), 24 * 3600);
        for unknown in ["soon", "-5", "", "99999999999999999999"] {
            assert_eq!(after(unknown), 5, "{unknown}");
        }
    }
}
