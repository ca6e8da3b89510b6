use super::{parse::local, *};
use chrono_tz::America::New_York;
use proptest::prelude::*;
use serde_json::{Map, json};

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
            let text = json!(time.format(format).to_string());
            prop_assert_eq!(read(&text, Tz::UTC, None), Some(time));
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
