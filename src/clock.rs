//! Source of the current time, behind a trait so that tests control it.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use std::{
    sync::{
        OnceLock,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

pub trait Clock: Send + Sync {
    /// Returns the current time, truncated to microseconds. PostgreSQL stores no more, so a time
    /// read back equals the one written.
    fn now(&self) -> DateTime<Utc>;

    /// Returns the time since some moment, by a clock that is never set.
    fn monotonic(&self) -> Duration;

    /// Sets the clock back by `ahead`, if it can be set. Only this process sees it.
    fn correct(&self, _ahead: TimeDelta) {}
}

/// Clock of this machine.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        to_datetime(since_1970().unwrap_or_default())
    }

    fn monotonic(&self) -> Duration {
        static STARTED: OnceLock<Instant> = OnceLock::new();
        STARTED.get_or_init(Instant::now).elapsed()
    }
}

/// Clock of this machine, corrected by its difference to the clock of the database, which all
/// servers share.
#[derive(Default)]
pub struct ServerClock {
    /// Microseconds by which this machine's clock is ahead of the database's.
    ahead: AtomicI64,
}

impl Clock for ServerClock {
    fn now(&self) -> DateTime<Utc> {
        let here = SystemClock.now();
        let ahead = TimeDelta::microseconds(self.ahead.load(Ordering::Relaxed));
        here.checked_sub_signed(ahead).unwrap_or(here)
    }

    fn monotonic(&self) -> Duration {
        SystemClock.monotonic()
    }

    fn correct(&self, ahead: TimeDelta) {
        let ahead = ahead.num_microseconds().unwrap_or(0);
        self.ahead.fetch_add(ahead, Ordering::Relaxed);
    }
}

/// Returns the time since 1970 by this machine's clock; `None` if the clock is before 1970.
#[allow(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the clock"
)]
pub fn since_1970() -> Option<Duration> {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()
}

/// First second of the year 10000, in seconds since 1970.
const YEAR_10000: u64 = 253_402_300_800;

/// Checks that the time can be that of a job: ids and databases hold only the years 1970 to 9999.
pub fn check(since_1970: Option<Duration>) -> Result<(), &'static str> {
    match since_1970 {
        Some(since) if since.as_secs() < YEAR_10000 => Ok(()),
        Some(_) => {
            Err("the clock of this machine stands beyond the year 9999: set it, and start again")
        }
        None => {
            Err("the clock of this machine stands before the year 1970: set it, and start again")
        }
    }
}

/// Converts a time since 1970. A time out of range becomes the latest representable one.
fn to_datetime(since: Duration) -> DateTime<Utc> {
    let micros = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
    DateTime::from_timestamp_micros(micros)
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
        .trunc_subsecs(6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_no_job_can_have_is_told_in_a_sentence() {
        let years = |years: u64| Some(Duration::from_secs(years * 31_556_952));
        for good in [
            Some(Duration::ZERO),
            years(56),
            Some(Duration::from_secs(YEAR_10000 - 1)),
        ] {
            assert_eq!(check(good), Ok(()));
        }
        assert!(check(None).unwrap_err().contains("before the year 1970"));
        for late in [years(8031), Some(Duration::MAX)] {
            assert!(check(late).unwrap_err().contains("beyond the year 9999"));
        }
    }

    #[test]
    fn no_time_makes_it_panic() {
        for since in [
            Duration::ZERO,
            Duration::from_secs(YEAR_10000),
            Duration::MAX,
        ] {
            to_datetime(since);
        }
        assert_eq!(
            to_datetime(Duration::from_nanos(1_999)).timestamp_micros(),
            1
        );
    }
}
