//! Properties and examples of the times of expressions.

use super::*;
use crate::lifecycle::zone_named;
use proptest::prelude::*;

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn cron_in(expr: &str, zone: &str) -> Result<Timing, String> {
    let zone = zone_named(zone)?;
    Timing::read(ScheduleKind::Cron, expr, zone, None, DateTime::UNIX_EPOCH)
}

/// Next times of the expression in the zone, after the first of them.
fn next(expr: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
    let timing = cron_in(expr, zone).unwrap();
    let times = std::iter::successors(timing.after(time(after)), |last| timing.after(*last));
    times
        .take(count)
        .map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true))
        .collect()
}

#[test]
fn a_fixed_time_in_the_gap_comes_at_the_first_moment_after_it() {
    // 2026-03-29: 02:00 becomes 03:00.
    assert_eq!(
        next("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", 3),
        [
            "2026-03-28T01:30:00Z",
            "2026-03-29T01:00:00Z",
            "2026-03-30T00:30:00Z"
        ]
    );
    // 2026-10-04: 02:00 becomes 02:30, half an hour.
    assert_eq!(
        next(
            "15 2 * * *",
            "Australia/Lord_Howe",
            "2026-10-03T00:00:00Z",
            2
        ),
        ["2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"]
    );
    // 2026-03-28: 23:00 becomes 00:00 of the next day.
    assert_eq!(
        next("30 23 * * SAT", "America/Nuuk", "2026-03-27T00:00:00Z", 2),
        ["2026-03-29T01:00:00Z", "2026-04-05T00:30:00Z"]
    );
    // Samoa had no 30 December 2011.
    assert_eq!(
        next("0 12 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z", 3),
        [
            "2011-12-29T22:00:00Z",
            "2011-12-30T10:00:00Z",
            "2011-12-30T22:00:00Z"
        ]
    );
}

#[test]
fn a_fixed_time_that_the_clocks_show_twice_comes_once() {
    assert_eq!(
        next("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2),
        ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]
    );
    // So do several fixed times.
    assert_eq!(
        next("0 2,3 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 3),
        [
            "2026-10-25T00:00:00Z",
            "2026-10-25T02:00:00Z",
            "2026-10-26T01:00:00Z"
        ]
    );
    // Asked between the two, it does not come again.
    assert_eq!(
        next("30 2 * * *", "Europe/Berlin", "2026-10-25T00:45:00Z", 1),
        ["2026-10-26T01:30:00Z"]
    );
}

#[test]
fn times_that_repeat_follow_the_clock_through_gap_and_overlap() {
    assert_eq!(
        next("*/30 * * * *", "Europe/Berlin", "2026-10-24T23:59:59Z", 5),
        [
            "2026-10-25T00:00:00Z",
            "2026-10-25T00:30:00Z",
            "2026-10-25T01:00:00Z",
            "2026-10-25T01:30:00Z",
            "2026-10-25T02:00:00Z"
        ]
    );
    assert_eq!(
        next("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:29:59Z", 3),
        [
            "2026-03-29T00:30:00Z",
            "2026-03-29T01:00:00Z",
            "2026-03-29T01:30:00Z"
        ]
    );
}

#[test]
fn a_cron_expression_that_cannot_be_read_is_answered_with_how_one_looks() {
    for expr in [
        "",
        "61 * * * *",
        "* * * *",
        "@reboot",
        "a b c d e",
        "0 0 0 0 0",
        "*/0 * * * *",
        "𝟙 * * * *",
        "0 25 * * *",
    ] {
        let error = cron_in(expr, "UTC").unwrap_err();
        assert!(error.contains("use five fields"), "{expr}: {error}");
    }
}

#[test]
fn a_date_that_never_is_has_no_time() {
    for expr in ["0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 0 1 1 * 2020"] {
        let timing = cron_in(expr, "UTC").unwrap();
        assert_eq!(timing.after(time("2026-01-01T00:00:00Z")), None, "{expr}");
    }
    assert_eq!(
        next("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", 1),
        ["2028-02-29T00:00:00Z"]
    );
}

#[test]
fn a_step_that_does_not_divide_is_noted_with_the_remedy() {
    let notes = |expr: &str| cron_in(expr, "UTC").unwrap().notes().join(" ");
    assert!(
        notes("0 */7 * * *").contains("every with 7h"),
        "{}",
        notes("0 */7 * * *")
    );
    assert!(notes("*/25 * * * *").contains("only 10 minutes"));
    assert!(notes("0 0 1 * MON").contains("either is enough"));
    for even in [
        "*/15 * * * *",
        "0 */6 * * *",
        "0 0 1 * *",
        "0 9 * * MON-FRI",
    ] {
        assert_eq!(notes(even), "", "{even}");
    }
}

#[test]
fn a_moment_has_an_offset_or_is_a_local_time_of_the_zone() {
    let berlin = Tz::Europe__Berlin;
    for (text, utc) in [
        ("2026-12-24T18:00:00Z", "2026-12-24T18:00:00Z"),
        ("2026-12-24T18:00:00+05:30", "2026-12-24T12:30:00Z"),
        ("2026-12-24T18:00", "2026-12-24T17:00:00Z"),
        ("2026-12-24 18:00", "2026-12-24T17:00:00Z"),
        ("2026-03-29T02:30", "2026-03-29T01:00:00Z"),
        ("2026-10-25T02:30", "2026-10-25T00:30:00Z"),
    ] {
        assert_eq!(moment(text, berlin), Ok(time(utc)), "{text}");
    }
    assert!(
        moment("tomorrow", berlin)
            .unwrap_err()
            .contains("write it as")
    );
}

fn expressions() -> impl Strategy<Value = String> {
    let field = |low: u32, high: u32| {
        prop_oneof![
            3 => (low..=high).prop_map(|n| n.to_string()),
            2 => Just("*".to_owned()),
            1 => (2..=9_u32).prop_map(|n| format!("*/{n}")),
            1 => (low..=high, low..=high).prop_map(|(a, b)| format!("{},{}", a.min(b), a.max(b))),
        ]
    };
    let fields = (
        field(0, 59),
        field(0, 23),
        field(1, 28),
        field(1, 12),
        field(0, 6),
    );
    fields.prop_map(|(m, h, d, mo, w)| format!("{m} {h} {d} {mo} {w}"))
}

proptest! {
    #[test]
    fn each_time_lies_behind_the_one_before_and_none_between(
        expr in expressions(),
        zone in 0..chrono_tz::TZ_VARIANTS.len(),
        start in 1_262_304_000_i64..2_524_608_000,
    ) {
        let timing = cron_in(&expr, chrono_tz::TZ_VARIANTS[zone].name()).unwrap();
        let start = DateTime::from_timestamp(start, 0).unwrap();
        if let Some(first) = timing.after(start) {
            prop_assert!(first > start);
            // Asked at any moment before it, the answer is the same.
            let middle = start + TimeDelta::seconds((first - start).num_seconds() / 2);
            prop_assert_eq!(timing.after(middle), Some(first));
            prop_assert_eq!(timing.after(first - TimeDelta::seconds(1)), Some(first));
            if let Some(second) = timing.after(first) {
                prop_assert!(second > first);
            }
        }
    }

    #[test]
    fn no_text_makes_it_panic(expr in "[0-9*/,LW#?A-Z@ -]{0,24}", text in "\\PC{0,20}") {
        for expr in [expr, text] {
            if let Ok(timing) = cron_in(&expr, "Europe/Berlin") {
                let _ = (timing.words(), timing.notes());
                let _ = timing.after(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
            }
            let _ = moment(&expr, Tz::UTC);
        }
    }

    #[test]
    fn distances_are_even_from_the_anchor(
        every in 1_i64..100_000,
        after in -1_000_000_i64..1_000_000,
        at_anchor: bool,
    ) {
        let anchor = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let timing = Timing::Every { every: TimeDelta::seconds(every), anchor, at_anchor };
        let after = anchor + TimeDelta::seconds(after);
        let next = timing.after(after).unwrap();
        prop_assert!(next > after);
        prop_assert_eq!((next - anchor).num_seconds() % every, 0);
        let first = if at_anchor { anchor } else { anchor + TimeDelta::seconds(every) };
        prop_assert!(next == first || next - TimeDelta::seconds(every) <= after);
        prop_assert!(next >= first);
    }
}
