//! Parser of every spelling of a time in the stores, and of local times in a given zone.
//!
//! A local time that occurs twice (the end of daylight saving time) is the earlier of the two,
//! unless that is before the job's creation. A local time that does not exist (the beginning of
//! daylight saving time) moves forward by the gap, to the time of a clock that was not set forward.

mod spelling;

use super::{
    fields::Fields,
    reject::{Reason, Reject},
};
use chrono::{DateTime, Datelike, LocalResult, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use serde_json::{Map, Value};
use spelling::Spelled;

/// Times of a job, as far as its store knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Times {
    pub created: DateTime<Utc>,
    pub updated: DateTime<Utc>,
    pub started: Option<DateTime<Utc>>,
    pub completed: Option<DateTime<Utc>>,
}

/// Zone of a store's times without one.
#[derive(Clone, Copy, Debug)]
pub enum Zone {
    /// The store is known to have written UTC.
    Utc,
    /// The store wrote local times, whose zone is that of the run.
    Local(Tz),
}

impl Zone {
    fn tz(self) -> Tz {
        match self {
            Zone::Utc => Tz::UTC,
            Zone::Local(tz) => tz,
        }
    }
}

/// Takes the four times of a record. If `created_at` is missing or unreadable, the first of the
/// others replaces it, and the last one `updated_at`: the job exists, and both columns are
/// required.
///
/// Errors: `bad_time` when no time can be read.
pub fn take(fields: &mut Fields, zone: Zone) -> Result<Times, Reject> {
    let raw = [fields.take("created_at"), fields.take("updated_at")];
    let created = take_one(fields, "created_at", raw[0].clone(), zone, None);
    let updated = take_one(fields, "updated_at", raw[1].clone(), zone, created);
    let mut optional = |name| {
        let raw = fields.take(name);
        take_one(fields, name, raw, zone, created)
    };
    let (started, completed) = (optional("started_at"), optional("completed_at"));
    let all = || [created, updated, started, completed].into_iter().flatten();
    let (Some(first), Some(last)) = (all().min(), all().max()) else {
        return Err(unreadable(&raw));
    };
    for (name, raw) in ["created_at", "updated_at"].into_iter().zip(&raw) {
        if raw.is_none() {
            fields
                .legacy
                .repaired(name, "missing_time_taken_from_the_other");
        }
    }
    Ok(Times {
        created: created.unwrap_or(first),
        updated: updated.unwrap_or(last),
        started,
        completed,
    })
}

/// Reads one time of a record, and keeps the raw value of one that is unreadable. A time without a
/// zone counts as assumed, unless the store is known to have written UTC.
pub fn take_one(
    fields: &mut Fields,
    name: &str,
    raw: Option<Value>,
    zone: Zone,
    after: Option<DateTime<Utc>>,
) -> Option<DateTime<Utc>> {
    let raw = raw?;
    let Some((time, is_local)) = parse(&raw, zone.tz(), after) else {
        fields
            .legacy
            .repair(name, "unreadable_time_kept_aside", raw);
        return None;
    };
    if is_local && matches!(zone, Zone::Local(_)) {
        fields.legacy.assumed.local_times += 1;
    }
    Some(time)
}

fn unreadable(raw: &[Option<Value>; 2]) -> Reject {
    let shown = |raw: &Option<Value>| {
        raw.as_ref().map_or("missing".into(), |v| {
            v.to_string().chars().take(50).collect::<String>()
        })
    };
    let detail = format!(
        "No time of the record can be read: created_at is {}, updated_at is {}.",
        shown(&raw[0]),
        shown(&raw[1])
    );
    Reject::new(Reason::BadTime, detail)
}

/// Parses a time, truncated to microseconds; `None` when the value is not a time of the years 1970
/// to 9999. A number is in seconds since 1970, or in parts of a second by its size. `not_before`
/// decides between the two moments of an ambiguous local time.
pub fn read(value: &Value, zone: Tz, not_before: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    parse(value, zone, not_before).map(|(time, _)| time)
}

/// Parses a time, and returns whether its zone was not told.
fn parse(
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
    // A leap second becomes an ordinary time when its microseconds are counted.
    let time = DateTime::from_timestamp_micros(time.timestamp_micros())?;
    (1970..=9999)
        .contains(&time.year())
        .then_some((time, is_local))
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
    let time = DateTime::from_timestamp_micros(time.timestamp_micros())?;
    (1970..=9999)
        .contains(&time.year())
        .then_some((time, false))
}

/// Smallest numbers that are milliseconds, microseconds and nanoseconds since 1970. As seconds,
/// each would be thousands of years away.
const MILLIS: i64 = 100_000_000_000;
const MICROS: i64 = 100_000_000_000_000;
const NANOS: i64 = 100_000_000_000_000_000;

fn epoch_whole(number: i64) -> Option<DateTime<Utc>> {
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

/// Last year of a number of microseconds or nanoseconds: the largest numbers are no times, but
/// stand for none.
const LAST_YEAR: i32 = 2200;

fn is_plausible(number: f64, time: &DateTime<Utc>) -> bool {
    number < MICROS as f64 || time.year() <= LAST_YEAR
}

fn epoch(number: f64) -> Option<DateTime<Utc>> {
    let seconds = match number.abs() {
        n if n >= NANOS as f64 => number / 1e9,
        n if n >= MICROS as f64 => number / 1e6,
        n if n >= MILLIS as f64 => number / 1e3,
        _ => number,
    };
    let time = (seconds.abs() < 1e12)
        .then(|| DateTime::from_timestamp_micros((seconds * 1e6).round() as i64))??;
    is_plausible(number.abs(), &time).then_some(time)
}

fn local(
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

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::America::New_York;
    use proptest::prelude::*;
    use serde_json::json;

    fn utc(text: &str) -> Option<DateTime<Utc>> {
        Some(text.parse().unwrap())
    }

    fn in_new_york(text: &str) -> Option<DateTime<Utc>> {
        read(&json!(text), New_York, None)
    }

    #[test]
    fn each_spelling_of_the_stores_is_read() {
        let moment = utc("2025-12-29T13:54:00.250Z");
        for text in [
            "2025-12-29T13:54:00.250Z",
            "2025-12-29T13:54:00.25+00:00",
            "2025-12-29 13:54:00.250000+0000",
            "2025-12-29T14:54:00.250000+01",
            "2025-12-29 08:54:00.250000",
            "2025-12-29T08:54:00.250000000",
            "2025-12-29T08:54:00.2500009",
        ] {
            assert_eq!(in_new_york(text), moment, "{text}");
        }
        assert_eq!(read(&json!(1767016440.25), New_York, None), moment);
        assert_eq!(read(&json!(1767016440250_i64), New_York, None), moment);
        let parts = json!({"_seconds": 1767016440, "_nanoseconds": 250000900});
        assert_eq!(read(&parts, New_York, None), moment);
        assert_eq!(in_new_york("2025-12-29"), utc("2025-12-29T05:00:00Z"));
    }

    #[test]
    fn times_that_can_mean_only_one_moment_are_read() {
        let second = utc("2026-01-02T03:04:05Z");
        for text in [
            "1767323045",
            "2026-01-02 03:04:05 UTC",
            "2026-01-02 03:04:05 +0000 UTC",
            "Fri, 02 Jan 2026 03:04:05 GMT",
            "Fri Jan 02 2026 03:04:05 GMT+0000 (Coordinated Universal Time)",
            "Fri Jan  2 03:04:05 UTC 2026",
            "20260102T030405Z",
            "2026-01-01T22:04:05-0500",
            "2026-01-02T11:04:05[Asia/Shanghai]",
            "2026-01-02T04:04:05+01:00[Europe/Berlin]",
            "2026-01-02 11:04:05 Asia/Shanghai",
            "2026/01/01 22:04:05",
            "20260101220405",
            "Thu Jan  1 22:04:05 2026",
            " 2026-01-01T22:04:05 ",
        ] {
            assert_eq!(in_new_york(text), second, "{text}");
        }
        for (value, wanted) in [
            (json!("1767323045123"), "2026-01-02T03:04:05.123Z"),
            (json!("1767323045.123"), "2026-01-02T03:04:05.123Z"),
            (json!(1767323045123456_i64), "2026-01-02T03:04:05.123456Z"),
            (
                json!(1767323045123456789_i64),
                "2026-01-02T03:04:05.123456Z",
            ),
            (
                json!({"$date": 1767323045123_i64}),
                "2026-01-02T03:04:05.123Z",
            ),
            (
                json!({"$date": {"$numberLong": "1767323045123"}}),
                "2026-01-02T03:04:05.123Z",
            ),
            (
                json!({"seconds": "1767323045", "nanos": 5000}),
                "2026-01-02T03:04:05.000005Z",
            ),
            (
                json!("2026-01-02T03:04:05,123Z"),
                "2026-01-02T03:04:05.123Z",
            ),
            (json!("2026-01-02T03:04Z"), "2026-01-02T03:04:00Z"),
            (json!("2026/01/02 00:00 UTC"), "2026-01-02T00:00:00Z"),
        ] {
            assert_eq!(read(&value, New_York, None), utc(wanted), "{value}");
        }
    }

    #[test]
    fn a_time_that_could_mean_two_moments_is_none() {
        for text in [
            "01/02/2026, 3:04:05 AM",
            "01/02/2026",
            "02.01.2026 03:04",
            "2026",
            "20260102030",
            "2026-01-02T03:04:05 EST",
            "2026-01-02T03:04:05+99:00",
            "2026-01-02-03",
            "03:04:05",
        ] {
            assert_eq!(in_new_york(text), None, "{text}");
        }
    }

    #[test]
    fn only_a_time_without_a_zone_counts_as_assumed() {
        let members = json!({
            "created_at": "2026-01-02T03:04:05", "updated_at": "2026-01-02T03:04:05Z",
            "started_at": "2026-01-02 03:04", "completed_at": 1767323045,
        });
        let mut fields = Fields::new(members.as_object().unwrap().clone());
        take(&mut fields, Zone::Local(New_York)).unwrap();
        assert_eq!(fields.legacy.assumed.local_times, 2);
        let mut fields = Fields::new(members.as_object().unwrap().clone());
        take(&mut fields, Zone::Utc).unwrap();
        assert_eq!(fields.legacy.assumed.local_times, 0);
    }

    #[test]
    fn daylight_saving_time_is_minded() {
        assert_eq!(
            in_new_york("2025-10-30T09:07:22"),
            utc("2025-10-30T13:07:22Z")
        );
        assert_eq!(
            in_new_york("2025-11-02T19:12:09"),
            utc("2025-11-03T00:12:09Z")
        );
    }

    #[test]
    fn an_hour_that_occurs_twice_is_the_earlier_one_unless_that_is_before_the_creation() {
        assert_eq!(
            in_new_york("2025-11-02T01:40:00"),
            utc("2025-11-02T05:40:00Z")
        );
        let created = in_new_york("2025-11-02T01:59:00");
        assert_eq!(
            read(&json!("2025-11-02T01:01:00"), New_York, created),
            utc("2025-11-02T06:01:00Z")
        );
    }

    #[test]
    fn an_hour_that_never_was_is_moved_on_by_the_gap() {
        assert_eq!(
            in_new_york("2025-03-09T02:30:00"),
            utc("2025-03-09T07:30:00Z")
        );
        // Samoa left a whole day out.
        let samoa = read(
            &json!("2011-12-30T12:00:00"),
            chrono_tz::Pacific::Apia,
            None,
        );
        assert_eq!(samoa, utc("2011-12-30T22:00:00Z"));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for raw in [
            json!(""),
            json!("soon"),
            json!("0001-01-01T00:00:00"),
            json!("2025-13-01T00:00:00"),
            json!(1e300),
            json!(i64::MAX),
            json!(u64::MAX),
            json!([]),
        ] {
            assert_eq!(read(&raw, Tz::UTC, None), None, "{raw}");
        }
    }

    #[test]
    fn one_of_the_two_times_stands_in_for_the_other() {
        let members = json!({"created_at": null, "updated_at": "2025-01-01T00:00:00"});
        let mut fields = Fields::new(members.as_object().unwrap().clone());
        let times = take(&mut fields, Zone::Utc).unwrap();
        assert_eq!(times.created, times.updated);
        let mut nothing = Fields::new(Map::new());
        assert_eq!(
            take(&mut nothing, Zone::Utc).unwrap_err().reason,
            Reason::BadTime
        );
    }

    proptest! {
        #[test]
        fn a_utc_time_survives_every_spelling(micros in 0i64..250_000_000_000_000_000) {
            let time = DateTime::from_timestamp_micros(micros).unwrap();
            for format in ["%Y-%m-%dT%H:%M:%S%.6fZ", "%Y-%m-%d %H:%M:%S%.6f", "%Y-%m-%dT%H:%M:%S%.9f+00:00"] {
                prop_assert_eq!(read(&json!(time.format(format).to_string()), Tz::UTC, None), Some(time));
            }
        }

        #[test]
        fn any_local_time_has_a_moment_near_its_reading_in_utc(seconds in 0i64..4_000_000_000) {
            let naive = DateTime::from_timestamp(seconds, 0).unwrap().naive_utc();
            let moment = local(naive, New_York, None).unwrap();
            let distance = (moment - naive.and_utc()).num_hours();
            prop_assert!((4..=5).contains(&distance));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = read(&json!(text), New_York, None);
        }
    }
}
