//! Schedules: paused, run at once, deleted, listed, and refused.

use super::schedules::{cron, every, ids, time};
use crate::support::{TestApp, any_job, pointers, refusal};
use callsheet::jobs::{Idempotency, JobManager, LeasedPolicy, NewJob, NewSchedule, SchedulePatch};
use chrono::{DateTime, TimeDelta};
use entity::schedule::{self, Missed, ScheduleKind};
use serde_json::json;
use std::collections::BTreeMap;

#[on_both]
async fn what_is_paused_creates_nothing_until_it_is_resumed(t: TestApp) {
    t.create_schedule(every("s", "1h")).await.unwrap();
    let paused = t.pause_schedule("s").await.unwrap();
    assert_eq!((paused.next_at, paused.version), (None, 2));
    let again = t.pause_schedule("s").await.unwrap();
    assert_eq!(again, paused, "a repeated call changes nothing");
    t.clock.advance(TimeDelta::hours(5));
    assert_eq!(t.fire_schedules().await.unwrap(), 0);
    let resumed = t.resume_schedule("s").await.unwrap();
    assert_eq!(resumed.next_at, Some(time("2026-01-01T06:00:00Z")));
    t.clock.advance(TimeDelta::hours(1));
    assert_eq!(t.fire_schedules().await.unwrap(), 1);
}

#[on_both]
async fn the_times_between_a_backup_and_its_restore_get_no_jobs(t: TestApp) {
    for missed in [Missed::Last, Missed::All] {
        let new = NewSchedule {
            missed: Some(missed),
            ..every(&format!("{missed:?}").to_lowercase(), "1h")
        };
        t.create_schedule(new).await.unwrap();
    }
    t.create_schedule(every("paused", "1h")).await.unwrap();
    t.pause_schedule("paused").await.unwrap();
    t.clock.advance(TimeDelta::minutes(290));
    t.release_restored(LeasedPolicy::Keep).await.unwrap();
    assert_eq!(t.fire_schedules().await.unwrap(), 0);
    t.clock.advance(TimeDelta::minutes(10));
    assert_eq!(t.fire_schedules().await.unwrap(), 2, "each its next time");
    assert_eq!(
        ids(&t).await,
        ["all.20260101T050000Z", "last.20260101T050000Z"]
    );
    let paused = t.get_schedule("paused").await.unwrap();
    assert_eq!(paused.next_at, None);
}

#[on_both]
async fn a_run_at_once_counts_and_needs_no_time(t: TestApp) {
    let new = NewSchedule {
        paused: true,
        ..every("s", "1h")
    };
    t.create_schedule(new).await.unwrap();
    let key = || {
        let key = "k".to_owned();
        Some(Idempotency::new(key, "run_schedule", &json!({})))
    };
    let one = t.run_schedule("s", key()).await.unwrap();
    assert_eq!(one.job.id, "s.20260101T000000.000000Z");
    let again = t.run_schedule("s", key()).await.unwrap();
    assert!(again.replayed && again.job.id == one.job.id);
    let row = t.get_schedule("s").await.unwrap();
    assert_eq!((row.fired, row.last_job_id), (1, Some(one.job.id)));
    assert_eq!(row.next_at, None, "it stays paused");
    refusal(t.run_schedule("none", None).await, "schedule_not_found");
}

#[on_both]
async fn a_schedule_that_does_not_fit_is_refused_with_the_remedy(t: TestApp) {
    let job = |change: fn(&mut NewJob)| {
        let mut template = any_job();
        change(&mut template);
        NewSchedule {
            template,
            ..every("s", "1h")
        }
    };
    let bad = [
        (
            every("S!", "1h"),
            "/schedule_id",
            "1 to 40 of the characters",
        ),
        (every("preview", "1h"), "/schedule_id", "reserved"),
        (every("s", "-1d"), "/expr", "without a minus"),
        (every("s", " "), "/expr", "enter at least one"),
        (cron("s", "0 0 30 2 *", "UTC"), "/expr", "never fire"),
        (cron("s", "0 99 * * *", "UTC"), "/expr", "use five fields"),
        (
            cron("s", "0 9 * * *", "Europe/Belrin"),
            "/timezone",
            "Europe/Berlin",
        ),
        (
            NewSchedule {
                kind: ScheduleKind::Once,
                ..every("s", "2025-12-31T00:00:00Z")
            },
            "/expr",
            "The time has passed",
        ),
        (
            NewSchedule {
                ends_at: Some(time("2026-01-01T00:59:59Z")),
                ..every("s", "1h")
            },
            "/ends_at",
            "Use a later ends_at",
        ),
        (
            NewSchedule {
                window_seconds: Some(-1),
                ..every("s", "1h")
            },
            "/window_seconds",
            "from 0",
        ),
        (
            job(|job| job.job_type = "Idea!".into()),
            "/template/job_type",
            "1 to 50",
        ),
        (
            job(|job| job.job_id = Some("x".into())),
            "/template/job_id",
            "Leave job_id out",
        ),
        (
            job(|job| job.run_at = Some(DateTime::UNIX_EPOCH)),
            "/template/run_at",
            "Leave run_at out",
        ),
        (
            job(|job| job.labels = BTreeMap::from([("schedule".into(), "x".into())])),
            "/template/labels/schedule",
            "another name",
        ),
        (
            job(|job| job.labels = (0..16).map(|n| (format!("l{n}"), String::new())).collect()),
            "/template/labels",
            "at most 15",
        ),
    ];
    for (new, pointer, remedy) in bad {
        let shown = format!("{new:?}");
        let refused = refusal(t.create_schedule(new).await, "invalid_request");
        let sentence = refused.to_string();
        let place = pointers(&refused).join(" ");
        assert!(
            place.starts_with(&format!("{pointer} ")),
            "{shown}: {place}"
        );
        assert!(sentence.contains(remedy), "{shown}: {sentence}");
    }
    t.create_schedule(every("s", "1h")).await.unwrap();
    refusal(t.create_schedule(every("s", "1h")).await, "schedule_exists");
    for id in ["", "none", "S", "a\0"] {
        refusal(t.get_schedule(id).await, "schedule_not_found");
        refusal(t.delete_schedule(id).await, "schedule_not_found");
        refusal(t.pause_schedule(id).await, "schedule_not_found");
    }
}

#[on_both]
async fn a_template_of_a_series_or_an_episode_that_does_not_exist_is_refused(t: TestApp) {
    let of_series = NewJob {
        series_id: Some("none".into()),
        ..any_job()
    };
    let of_episode = NewJob {
        episode_id: Some("none".into()),
        ..any_job()
    };
    let sound = t.create_schedule(every("sound", "1h")).await.unwrap();
    for (template, code) in [
        (of_series, "series_not_found"),
        (of_episode, "episode_not_found"),
    ] {
        let new = NewSchedule {
            template: template.clone(),
            ..every("lost", "1h")
        };
        refusal(t.create_schedule(new).await, code);
        refusal(t.get_schedule("lost").await, "schedule_not_found");
        let taken = NewSchedule {
            template: template.clone(),
            ..every("sound", "1h")
        };
        refusal(t.create_schedule(taken).await, "schedule_exists");
        let patch = SchedulePatch {
            template: Some(template),
            ..SchedulePatch::default()
        };
        refusal(t.update_schedule("sound", patch).await, code);
    }
    assert_eq!(t.get_schedule("sound").await.unwrap(), sound);
}

#[on_both]
async fn a_deleted_schedule_leaves_its_jobs(t: TestApp) {
    t.create_schedule(every("s", "1h")).await.unwrap();
    t.clock.advance(TimeDelta::hours(1));
    t.fire_schedules().await.unwrap();
    t.delete_schedule("s").await.unwrap();
    t.clock.advance(TimeDelta::hours(1));
    assert_eq!(t.fire_schedules().await.unwrap(), 0);
    assert_eq!(ids(&t).await.len(), 1);
}

#[on_both]
async fn the_list_has_pages_by_id(t: TestApp) {
    for id in ["b", "a", "c"] {
        t.create_schedule(every(id, "1h")).await.unwrap();
    }
    let named = |rows: Vec<schedule::Model>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
    let (rows, next) = t.list_schedules(None, 2).await.unwrap();
    assert_eq!(
        (named(rows), next.as_deref()),
        (vec!["a".into(), "b".into()], Some("b"))
    );
    let (rows, next) = t.list_schedules(next, 2).await.unwrap();
    assert_eq!((named(rows), next), (vec!["c".to_owned()], None));
}

#[on_both]
async fn the_loop_wakes_when_a_schedule_is_due_or_changed(t: TestApp) {
    t.fire_schedules().await.unwrap();
    let waiting = tokio::spawn({
        let jobs: JobManager = (*t).clone();
        async move { jobs.schedule_due().await }
    });
    t.create_schedule(every("s", "1h")).await.unwrap();
    waiting.await.unwrap();
    t.clock.advance(TimeDelta::hours(1));
    t.fire_schedules().await.unwrap();
    t.clock.advance(TimeDelta::hours(1));
    t.schedule_due().await;
    assert_eq!(t.fire_schedules().await.unwrap(), 1);
}
