//! The times of cron expressions around changes of the clocks are those that cronsim and croniter
//! compute, or those of one where they differ; `scripts/schedule-times` wrote them.

use crate::support::{TestClock, TestRandom, setting};
use callsheet::{clock::Clock, db::Database, jobs::JobManager};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use entity::schedule::ScheduleKind;
use std::{fs, path::PathBuf, sync::Arc};

/// Version of the zones that the script has to use; the other side of a change is another time.
const ZONES: &str = "2025b";

fn file() -> PathBuf {
    let short = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/schedule_times.txt");
    setting("CALLSHEET_TEST_SCHEDULE_TIMES").unwrap_or_else(short)
}

#[test]
fn schedule_times_are_those_of_two_other_programs() {
    assert_eq!(chrono_tz::IANA_TZDB_VERSION, ZONES, "make the data again");
    let clock = Arc::<TestClock>::default();
    let random = Arc::<TestRandom>::default();
    let jobs = JobManager::new(Database::detached(), clock.clone(), random);
    let text = fs::read_to_string(file()).unwrap();
    let (mut starts, mut like_second, mut wrong) = (0, 0, Vec::new());
    for line in text.lines() {
        let [zone, expr, start, one, other] = line.split('|').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let start = NaiveDateTime::parse_from_str(start, "%Y-%m-%dT%H:%MZ").unwrap();
        let start = start.and_utc();
        let times = |minutes: &str| -> Vec<DateTime<Utc>> {
            let minutes = minutes.split_whitespace();
            minutes
                .map(|minutes| start + TimeDelta::minutes(minutes.parse().unwrap()))
                .collect()
        };
        let expected = times(one);
        clock.jump(start - clock.now());
        let zone = Some(zone.to_owned());
        let (kind, count) = (ScheduleKind::Cron, expected.len());
        let shown = jobs.preview_schedule(kind, expr.to_owned(), zone, (None, None), count);
        let next = shown.unwrap().next;
        starts += 1;
        like_second += usize::from(next != expected && next == times(other));
        if next != expected && next != times(other) {
            wrong.push(format!("{line}: {next:?}"));
        }
    }
    println!(
        "{starts} starts, {} wrong, {like_second} as croniter alone",
        wrong.len()
    );
    assert!(like_second * 100 < starts, "{like_second}");
    assert!(starts > 400, "{starts}");
    wrong.truncate(20);
    assert_eq!(wrong, Vec::<String>::new());
}
