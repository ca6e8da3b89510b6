//! Parser of every spelling of a time in the stores, and of local times in a given zone.
//!
//! A local time that occurs twice (the end of daylight saving time) is the earlier of the two,
//! unless that is before the job's creation. A local time that does not exist (the beginning of
//! daylight saving time) moves forward by the gap, to the time of a clock that was not set forward.

use super::{
    epoch::{epoch, epoch_whole},
    spelling::{self, Spelled},
};
use chrono::{DateTime, Datelike, LocalResult, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use serde_json::{Map, Value};
use std::ops::RangeInclusive;

/// Years of a time.
const YEARS: RangeInclusive<i32> = 1970..=9999;

/// Parses a time, truncated to microseconds; `None` when the value is not a time of the years 1970
/// to 9999. A number is in seconds since 1970, or in parts of a second by its size. `not_before`
/// decides between the two moments of an ambiguous local time.
pub fn read(value: &Value, zone: Tz, not_before: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    parse(value, zone, not_before).map(|(time, _)| time)
}

/// Parses a time, and returns whether its zone was not given.
pub fn parse(
    value: &Value,
    zone: Tz,
    not_before: Option<DateTime<Utc>>,
) -> Option<(DateTime<Utc>, bool)> {
    let mut is_local = false;
    let time = match value {
        Value::Number(number) => match number.as_i64() {
            Some(whole) => epoch_whole(whole)?,
            None => epoch(number.as_f64()?)?,
        },
        Value::String(text) => match spelling::spelled(text)? {
            Spelled::Moment(time) => time,
            Spelled::Epoch(number) => epoch(number)?,
            Spelled::EpochWhole(number) => epoch_whole(number)?,
            Spelled::Local(naive, named) => {
                is_local = named.is_none();
                local(naive, named.unwrap_or(zone), not_before)?
            }
        },
        Value::Object(parts) => return of_parts(parts, zone, not_before),
        _ => return None,
    };
    Some((in_years(time)?, is_local))
}

/// Names of the only member of a time, in exports of MongoDB and of the Parse server.
const WRAPPERS: [&str; 3] = ["$date", "$numberLong", "iso"];

/// Parses a time that is an object: that of MongoDB, or of Firestore in the format of its admin and
/// client libraries.
fn of_parts(
    parts: &Map<String, Value>,
    zone: Tz,
    not_before: Option<DateTime<Utc>>,
) -> Option<(DateTime<Utc>, bool)> {
    if let Some(inner) = WRAPPERS.iter().find_map(|name| parts.get(*name)) {
        return parse(inner, zone, not_before);
    }
    let part = |names: [&str; 3]| names.iter().find_map(|name| parts.get(*name));
    let whole = |value: &Value| match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    };
    let seconds = whole(part(["_seconds", "seconds", "epochSecond"])?)?;
    let nanos = part(["_nanoseconds", "nanoseconds", "nanos"]).and_then(whole);
    let nanos = u32::try_from(nanos.unwrap_or(0)).ok()?;
    let time = DateTime::from_timestamp(seconds, nanos)?;
    Some((in_years(time)?, false))
}

/// Cuts a time to microseconds; `None` if it is outside [`YEARS`].
fn in_years(time: DateTime<Utc>) -> Option<DateTime<Utc>> {
    // A leap second becomes an ordinary time when its microseconds are counted.
    let time = DateTime::from_timestamp_micros(time.timestamp_micros())?;
    YEARS.contains(&time.year()).then_some(time)
}

pub fn local(
    naive: NaiveDateTime,
    zone: Tz,
    not_before: Option<DateTime<Utc>>,
) -> Option<DateTime<Utc>> {
    match zone.from_local_datetime(&naive) {
        LocalResult::Single(time) => Some(time.to_utc()),
        LocalResult::Ambiguous(a, b) => {
            let (earlier, later) = (a.min(b).to_utc(), a.max(b).to_utc());
            Some(if not_before.is_some_and(|t| earlier < t) {
                later
            } else {
                earlier
            })
        }
        LocalResult::None => {
            // The offset of the day before is that of a clock that was not set forward.
            let before = zone
                .from_local_datetime(&naive.checked_sub_signed(TimeDelta::days(1))?)
                .earliest()?;
            Some((naive.checked_sub_offset(before.offset().fix())?).and_utc())
        }
    }
}
