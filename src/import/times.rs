//! Parser of every spelling of a time in the stores, and of local times in a given zone.
//!
//! A local time that occurs twice (the end of daylight saving time) is the earlier of the two,
//! unless that is before the job's creation. A local time that does not exist (the beginning of
//! daylight saving time) moves forward by the gap, to the time of a clock that was not set forward.

use super::{
    fields::Fields,
    reject::{Reason, Reject},
};
use chrono::{
    DateTime, Datelike, LocalResult, NaiveDate, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc,
};
use chrono_tz::Tz;
use serde_json::{Map, Value};

/// Times of a job, as far as its store knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Times {
    pub created: DateTime<Utc>,
    pub updated: DateTime<Utc>,
    pub started: Option<DateTime<Utc>>,
    pub completed: Option<DateTime<Utc>>,
}

/// Takes the four times of a record. If one of `created_at` and `updated_at` is missing or
/// unreadable, the other replaces it: the job exists, and both columns are required.
///
/// Errors: `bad_time` when neither can be read.
pub fn take(fields: &mut Fields, zone: Tz) -> Result<Times, Reject> {
    let raw = [fields.take("created_at"), fields.take("updated_at")];
    let created = take_one(fields, "created_at", raw[0].clone(), zone, None);
    let updated = take_one(fields, "updated_at", raw[1].clone(), zone, created);
    let (created, updated) = match (created, updated) {
        (Some(created), Some(updated)) => (created, updated),
        (Some(created), None) => (created, created),
        (None, Some(updated)) => (updated, updated),
        (None, None) => return Err(unreadable(&raw)),
    };
    for (name, raw) in ["created_at", "updated_at"].into_iter().zip(&raw) {
        if raw.is_none() {
            fields
                .legacy
                .repaired(name, "missing_time_taken_from_the_other");
        }
    }
    let mut optional = |name| {
        let raw = fields.take(name);
        take_one(fields, name, raw, zone, Some(created))
    };
    let (started, completed) = (optional("started_at"), optional("completed_at"));
    Ok(Times {
        created,
        updated,
        started,
        completed,
    })
}

fn take_one(
    fields: &mut Fields,
    name: &str,
    raw: Option<Value>,
    zone: Tz,
    after: Option<DateTime<Utc>>,
) -> Option<DateTime<Utc>> {
    let raw = raw?;
    let time = read(&raw, zone, after);
    if time.is_none() {
        fields
            .legacy
            .repair(name, "unreadable_time_kept_aside", raw);
    }
    time
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
/// to 9999. A number is seconds since 1970, or milliseconds from 100,000,000,000 on. `not_before`
/// decides between the two moments of an ambiguous local time.
pub fn read(value: &Value, zone: Tz, not_before: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    let time = match value {
        Value::Number(number) => epoch(number.as_f64()?)?,
        Value::String(text) => spelled(text.trim(), zone, not_before)?,
        Value::Object(parts) => firestore(parts)?,
        _ => return None,
    };
    // A leap second becomes an ordinary time when its microseconds are counted.
    let time = DateTime::from_timestamp_micros(time.timestamp_micros())?;
    (1970..=9999).contains(&time.year()).then_some(time)
}

/// Parses a Firestore timestamp, in the format of its admin and client libraries.
fn firestore(parts: &Map<String, Value>) -> Option<DateTime<Utc>> {
    let part = |name: &str| parts.get(&format!("_{name}")).or_else(|| parts.get(name));
    let nanos = part("nanoseconds").and_then(Value::as_u64).unwrap_or(0);
    DateTime::from_timestamp(part("seconds")?.as_i64()?, u32::try_from(nanos).ok()?)
}

fn epoch(number: f64) -> Option<DateTime<Utc>> {
    let seconds = if number.abs() >= 1e11 {
        number / 1e3
    } else {
        number
    };
    (seconds.abs() < 1e12)
        .then(|| DateTime::from_timestamp_micros((seconds * 1e6).round() as i64))?
}

fn spelled(text: &str, zone: Tz, not_before: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    let text = text.replacen(' ', "T", 1);
    if let Some(utc) = text.strip_suffix(['Z', 'z']) {
        return Some(naive(utc)?.and_utc());
    }
    if let Ok(time) = DateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f%#z") {
        return Some(time.to_utc());
    }
    local(naive(&text)?, zone, not_before)
}

fn naive(text: &str) -> Option<NaiveDateTime> {
    let day = || {
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .ok()?
            .and_hms_opt(0, 0, 0)
    };
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
        .ok()
        .or_else(day)
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
            json!([]),
        ] {
            assert_eq!(read(&raw, Tz::UTC, None), None, "{raw}");
        }
    }

    #[test]
    fn one_of_the_two_times_stands_in_for_the_other() {
        let members = json!({"created_at": null, "updated_at": "2025-01-01T00:00:00"});
        let mut fields = Fields::new(members.as_object().unwrap().clone());
        let times = take(&mut fields, Tz::UTC).unwrap();
        assert_eq!(times.created, times.updated);
        let mut nothing = Fields::new(Map::new());
        assert_eq!(
            take(&mut nothing, Tz::UTC).unwrap_err().reason,
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
