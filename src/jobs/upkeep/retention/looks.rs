//! Time by which retention decides: the older of two looks at the clock, so that a clock that jumps
//! ahead deletes nothing.

use chrono::{DateTime, TimeDelta, Utc};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Difference between the passed times of the wall clock and of the monotonic clock from which on
/// the wall clock counts as set. It is slewed by far less.
const MAX_DRIFT: TimeDelta = TimeDelta::seconds(1);

/// Time by the monotonic clock after which a clock that was set ahead is believed. People and NTP
/// have put it right by then if it was wrong; a machine that slept is late by this.
const BELIEVED_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Looks of one process at its clock.
#[derive(Clone, Default)]
pub struct TimeLooks(Arc<Mutex<Option<Look>>>);

#[derive(Clone, Copy)]
struct Look {
    /// Time by the wall clock.
    now: DateTime<Utc>,
    /// Time by the monotonic clock.
    at: Duration,
}

impl TimeLooks {
    /// Returns the time that is certain to have come; `None` at the first look, to which there is
    /// no earlier one.
    pub fn certain(&self, now: DateTime<Utc>, at: Duration) -> Option<DateTime<Utc>> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(before) = *last else {
            *last = Some(Look { now, at });
            return None;
        };
        let passed = at.saturating_sub(before.at);
        let passed_by_wall = TimeDelta::from_std(passed).unwrap_or(TimeDelta::MAX);
        let expected = before.now.checked_add_signed(passed_by_wall)?;
        if now <= expected + MAX_DRIFT || passed >= BELIEVED_AFTER {
            *last = Some(Look { now, at });
        }
        Some(now.min(expected))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(n: u64) -> Duration {
        Duration::from_secs(n * 3600)
    }

    #[test]
    fn a_clock_that_jumps_ahead_is_believed_after_a_day() {
        let start = DateTime::UNIX_EPOCH;
        let at = |n: i64| start + TimeDelta::hours(n);
        let looks = TimeLooks::default();
        assert_eq!(looks.certain(at(0), hours(0)), None);
        assert_eq!(looks.certain(at(1), hours(1)), Some(at(1)));
        for n in 2..24_u32 {
            let ahead = at(n.into()) + TimeDelta::days(1);
            assert_eq!(looks.certain(ahead, hours(n.into())), Some(at(n.into())));
        }
        let ahead = |n: i64| at(n) + TimeDelta::days(1);
        assert_eq!(looks.certain(ahead(26), hours(26)), Some(at(26)));
        assert_eq!(looks.certain(ahead(27), hours(27)), Some(ahead(27)));
    }

    #[test]
    fn a_clock_that_is_set_back_is_believed_at_once() {
        let start = DateTime::UNIX_EPOCH + TimeDelta::days(9);
        let looks = TimeLooks::default();
        looks.certain(start, hours(0));
        let back = start - TimeDelta::days(1);
        assert_eq!(looks.certain(back, hours(1)), Some(back));
    }
}
