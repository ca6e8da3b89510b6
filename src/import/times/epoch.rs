//! Numbers that are times: seconds since 1970, or parts of a second, which the size of the number
//! tells.

use chrono::{DateTime, Datelike, Utc};

/// Smallest numbers that are milliseconds, microseconds and nanoseconds since 1970. As seconds,
/// each would be thousands of years away.
const MILLIS: i64 = 100_000_000_000;
const MICROS: i64 = 100_000_000_000_000;
const NANOS: i64 = 100_000_000_000_000_000;

/// Last year of a number of microseconds or nanoseconds: the largest numbers are no times, but
/// stand for none.
const LAST_YEAR: i32 = 2200;

/// Number of seconds since 1970 from which on a time has no year.
const MAX_SECONDS: f64 = 1e12;

pub fn epoch_whole(number: i64) -> Option<DateTime<Utc>> {
    let micros = match number.unsigned_abs() as i64 {
        ..0 => return None,
        n if n >= NANOS => number / 1000,
        n if n >= MICROS => number,
        n if n >= MILLIS => number * 1000,
        _ => number * 1_000_000,
    };
    let time = DateTime::from_timestamp_micros(micros)?;
    is_plausible(number.unsigned_abs() as f64, &time).then_some(time)
}

fn is_plausible(number: f64, time: &DateTime<Utc>) -> bool {
    number < MICROS as f64 || time.year() <= LAST_YEAR
}

pub fn epoch(number: f64) -> Option<DateTime<Utc>> {
    let seconds = match number.abs() {
        n if n >= NANOS as f64 => number / 1e9,
        n if n >= MICROS as f64 => number / 1e6,
        n if n >= MILLIS as f64 => number / 1e3,
        _ => number,
    };
    let time = (seconds.abs() < MAX_SECONDS)
        .then(|| DateTime::from_timestamp_micros((seconds * 1e6).round() as i64))??;
    is_plausible(number.abs(), &time).then_some(time)
}
