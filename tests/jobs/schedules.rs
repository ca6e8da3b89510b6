//! Schedules: fired once on any number of servers, whatever the clock, the last job and the
//! template do.

use crate::support::{TestApp, any_job, at_once, claim, refusal};
use callsheet::jobs::{NewJob, NewSchedule, SchedulePatch};
use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    JobStatus, job,
    schedule::{self, Missed, Overlap, ScheduleKind},
};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, QueryOrder};
use serde_json::json;
use std::collections::BTreeMap;

pub fn every(id: &str, span: &str) -> NewSchedule {
    NewSchedule {
        id: id.to_owned(),
        kind: ScheduleKind::Every,
        expr: span.to_owned(),
        timezone: None,
        template: any_job(),
        overlap: Some(Overlap::Allow),
        missed: None,
        window_seconds: None,
        jitter_seconds: None,
        starts_at: None,
        ends_at: None,
        paused: false,
    }
}

pub fn cron(id: &str, expr: &str, zone: &str) -> NewSchedule {
    NewSchedule {
        kind: ScheduleKind::Cron,
        timezone: Some(zone.to_owned()),
        ..every(id, expr)
    }
}

pub fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub async fn ids(t: &TestApp) -> Vec<String> {
    let jobs = job::Entity::find().order_by_asc(job::Column::Id);
    let jobs = jobs.all(t.database().read()).await.unwrap();
    jobs.into_iter().map(|job| job.id).collect()
}

#[on_both]
async fn a_schedule_creates_a_job_at_each_of_its_times(t: TestApp) {
    let template = NewJob {
        content: Some("A fox".into()),
        labels: BTreeMap::from([("team".into(), "red".into())]),
        ..any_job()
    };
    let new = NewSchedule {
        template,
        ..every("hourly", "1h")
    };
    let made = t.create_schedule(new).await.unwrap();
    assert_eq!(made.next_at, Some(time("2026-01-01T01:00:00Z")));
    assert_eq!(t.fire_schedules().await.unwrap(), 0, "before its time");
    for _ in 0..2 {
        t.clock.advance(TimeDelta::hours(1));
        assert_eq!(t.fire_schedules().await.unwrap(), 1);
        assert_eq!(t.fire_schedules().await.unwrap(), 0, "once");
    }
    assert_eq!(
        ids(&t).await,
        ["hourly.20260101T010000Z", "hourly.20260101T020000Z"]
    );
    let job = t.get_job("hourly.20260101T020000Z").await.unwrap();
    assert_eq!(job.content.as_deref(), Some("A fox"));
    assert_eq!(
        job.labels,
        Some(json!({"team": "red", "schedule": "hourly"}))
    );
    let row = t.get_schedule("hourly").await.unwrap();
    assert_eq!((row.fired, row.skipped, row.error), (2, 0, None));
    assert_eq!(row.last_job_id, Some(job.id));
    assert_eq!(row.last_at, Some(time("2026-01-01T02:00:00Z")));
    assert_eq!(row.next_at, Some(time("2026-01-01T03:00:00Z")));
}

#[on_both]
async fn servers_that_fire_at_once_create_each_job_once(t: TestApp) {
    let servers = [(*t).clone(), t.another().await, t.another().await];
    for n in 0..20 {
        t.create_schedule(every(&format!("s{n}"), "10s"))
            .await
            .unwrap();
    }
    for round in 1..=3_u64 {
        t.clock.advance(TimeDelta::seconds(10));
        let calls = servers.iter().cycle().take(6).cloned();
        let made = at_once(calls.map(|jobs| async move { jobs.fire_schedules().await.unwrap() }));
        assert_eq!(made.await.into_iter().sum::<u64>(), 20, "round {round}");
    }
    assert_eq!(ids(&t).await.len(), 60);
    for server in &servers[1..] {
        server.database().clone().close().await.unwrap();
    }
}

#[on_both]
async fn a_clock_that_is_set_back_fires_nothing_twice(t: TestApp) {
    t.create_schedule(every("hourly", "1h")).await.unwrap();
    t.clock.advance(TimeDelta::hours(2));
    assert_eq!(t.fire_schedules().await.unwrap(), 1);
    t.clock.jump(TimeDelta::hours(-3));
    assert_eq!(t.fire_schedules().await.unwrap(), 0);
    // Neither after a change, which counts the times anew.
    let patch = SchedulePatch {
        expr: Some("30m".into()),
        ..SchedulePatch::default()
    };
    let row = t.update_schedule("hourly", patch).await.unwrap();
    assert_eq!(row.next_at, Some(time("2026-01-01T02:30:00Z")));
    t.pause_schedule("hourly").await.unwrap();
    let row = t.resume_schedule("hourly").await.unwrap();
    assert_eq!(row.next_at, Some(time("2026-01-01T02:30:00Z")));
    t.clock.advance(TimeDelta::hours(3));
    assert_eq!(
        t.fire_schedules().await.unwrap(),
        0,
        "until the clock is there again"
    );
    t.clock.advance(TimeDelta::minutes(30));
    assert_eq!(t.fire_schedules().await.unwrap(), 1);
    assert_eq!(
        ids(&t).await,
        ["hourly.20260101T020000Z", "hourly.20260101T023000Z"]
    );
}

#[on_both]
async fn times_that_no_server_saw_get_one_job_none_or_all(t: TestApp) {
    for (id, missed) in [
        ("last", Missed::Last),
        ("none", Missed::Skip),
        ("all", Missed::All),
    ] {
        let new = NewSchedule {
            missed: Some(missed),
            starts_at: Some(t.now()),
            ..every(id, "3h")
        };
        t.create_schedule(new).await.unwrap();
    }
    t.clock.advance(TimeDelta::hours(8));
    t.fire_schedules().await.unwrap();
    assert_eq!(
        ids(&t).await,
        [
            "all.20260101T030000Z",
            "all.20260101T060000Z",
            "last.20260101T060000Z"
        ]
    );
    let row = t.get_schedule("none").await.unwrap();
    assert_eq!((row.fired, row.skipped), (0, 2));
    assert_eq!(row.next_at, Some(time("2026-01-01T09:00:00Z")));
    assert_eq!(t.get_schedule("last").await.unwrap().skipped, 1);
}

#[on_both]
async fn a_time_whose_last_job_has_not_ended_is_skipped_waits_or_cancels_it(t: TestApp) {
    for (id, overlap) in [
        ("skip", Overlap::Skip),
        ("queue", Overlap::QueueOne),
        ("cancel", Overlap::CancelPrevious),
        ("allow", Overlap::Allow),
    ] {
        let new = NewSchedule {
            overlap: Some(overlap),
            ..every(id, "1h")
        };
        t.create_schedule(new).await.unwrap();
    }
    for _ in 0..2 {
        t.clock.advance(TimeDelta::hours(1));
        t.fire_schedules().await.unwrap();
    }
    let first = |id: &str| format!("{id}.20260101T010000Z");
    let second = |id: &str| format!("{id}.20260101T020000Z");
    assert_eq!(
        ids(&t).await,
        [
            first("allow"),
            second("allow"),
            first("cancel"),
            second("cancel"),
            first("queue"),
            first("skip")
        ]
    );
    let cancelled = t.get_job(&first("cancel")).await.unwrap();
    assert_eq!(cancelled.status, JobStatus::Cancelled);
    assert_eq!(t.get_schedule("skip").await.unwrap().skipped, 1);
    // The one that waits comes when the last job has ended.
    t.start(&first("queue")).await;
    t.clock.advance(TimeDelta::seconds(30));
    t.fire_schedules().await.unwrap();
    assert!(t.get_job(&second("queue")).await.is_err(), "it still waits");
    t.mark_completed(&first("queue"), None, None).await.unwrap();
    t.clock.advance(TimeDelta::seconds(30));
    t.fire_schedules().await.unwrap();
    assert!(t.get_job(&second("queue")).await.is_ok());
    let row = t.get_schedule("queue").await.unwrap();
    assert_eq!((row.fired, row.skipped), (2, 0));
}

#[on_both]
async fn a_job_under_a_lease_is_asked_to_stop_by_the_next(t: TestApp) {
    let new = NewSchedule {
        overlap: Some(Overlap::CancelPrevious),
        ..every("s", "1h")
    };
    t.create_schedule(new).await.unwrap();
    t.clock.advance(TimeDelta::hours(1));
    t.fire_schedules().await.unwrap();
    let held = t.claim_jobs(claim("w")).await.unwrap().pop().unwrap();
    t.clock.advance(TimeDelta::hours(1));
    assert_eq!(t.fire_schedules().await.unwrap(), 1);
    let held = t.get_job(&held.job.id).await.unwrap();
    assert_eq!(held.status, JobStatus::Processing);
    assert!(held.cancel_requested_at.is_some());
}

#[on_both]
async fn a_template_that_no_longer_fits_is_shown_and_the_schedule_goes_on(t: TestApp) {
    let series = t.create_series(callsheet::jobs::NewSeries { title: "S".into() }, None);
    let series = series.await.unwrap().id;
    let new = NewSchedule {
        template: NewJob {
            series_id: Some(series.clone()),
            ..any_job()
        },
        ..every("lost", "1h")
    };
    t.create_schedule(new).await.unwrap();
    t.create_schedule(every("odd", "1h")).await.unwrap();
    t.delete_series(&series).await.unwrap();
    let odd = schedule::ActiveModel {
        id: Set("odd".into()),
        template: Set(json!({"job_type": "x", "of_another_version": 1})),
        ..Default::default()
    };
    odd.update(t.database().read()).await.unwrap();
    t.clock.advance(TimeDelta::hours(1));
    assert_eq!(t.fire_schedules().await.unwrap(), 0);
    let row = t.get_schedule("lost").await.unwrap();
    let why = row.error.unwrap();
    assert!(why.contains("There is no series with the id"), "{why}");
    assert_eq!((row.fired, row.skipped), (0, 1));
    assert_eq!(row.next_at, Some(time("2026-01-01T02:00:00Z")));
    let why = t.get_schedule("odd").await.unwrap().error.unwrap();
    assert!(
        why.contains("The template no longer fits: unknown field"),
        "{why}"
    );
    // What else it says may change, as long as it names the same series.
    let other_words = SchedulePatch {
        template: Some(NewJob {
            series_id: Some(series),
            content: Some("A fox".into()),
            ..any_job()
        }),
        ..SchedulePatch::default()
    };
    t.update_schedule("lost", other_words).await.unwrap();
    // A change of the template clears the error, and the next time gets its job.
    let patch = SchedulePatch {
        template: Some(any_job()),
        ..SchedulePatch::default()
    };
    assert_eq!(t.update_schedule("odd", patch).await.unwrap().error, None);
    t.clock.advance(TimeDelta::hours(1));
    assert_eq!(t.fire_schedules().await.unwrap(), 1);
}

#[on_both]
async fn a_job_that_has_the_id_of_a_time_already_is_left_alone(t: TestApp) {
    t.named("s.20260101T010000Z").await;
    t.create_schedule(every("s", "1h")).await.unwrap();
    t.clock.advance(TimeDelta::hours(1));
    assert_eq!(t.fire_schedules().await.unwrap(), 0);
    let row = t.get_schedule("s").await.unwrap();
    assert!(row.error.unwrap().contains("already exists"));
    t.clock.advance(TimeDelta::hours(1));
    assert_eq!(t.fire_schedules().await.unwrap(), 1);
}

#[on_both]
async fn a_moment_and_an_end_are_the_last_times(t: TestApp) {
    let once = NewSchedule {
        kind: ScheduleKind::Once,
        timezone: Some("Europe/Berlin".into()),
        ..every("once", "2026-01-01T02:30")
    };
    t.create_schedule(once).await.unwrap();
    let until = NewSchedule {
        ends_at: Some(time("2026-01-01T02:00:00Z")),
        ..every("until", "1h")
    };
    t.create_schedule(until).await.unwrap();
    for _ in 0..10 {
        t.clock.advance(TimeDelta::minutes(30));
        t.fire_schedules().await.unwrap();
    }
    assert_eq!(
        ids(&t).await,
        [
            "once.20260101T013000Z",
            "until.20260101T010000Z",
            "until.20260101T020000Z"
        ]
    );
    assert_eq!(t.get_schedule("once").await.unwrap().next_at, None);
}

#[on_both]
async fn a_delay_ends_before_the_next_run(t: TestApp) {
    for (expr, least) in [("1h", 3600), ("2s", 2)] {
        let new = |seconds| NewSchedule {
            jitter_seconds: Some(seconds),
            ..every(&format!("s{seconds}"), expr)
        };
        let error = refusal(t.create_schedule(new(least)).await, "invalid_request");
        assert!(
            error
                .to_string()
                .contains(&format!("less than {least} seconds")),
            "{error}"
        );
        t.create_schedule(new(least - 1)).await.unwrap();
    }
}

#[on_both]
async fn a_delay_moves_the_job_and_not_its_id(t: TestApp) {
    let new = NewSchedule {
        jitter_seconds: Some(600),
        ..every("s", "1h")
    };
    let row = t.create_schedule(new).await.unwrap();
    let (next, due) = (row.next_at.unwrap(), row.due_at.unwrap());
    assert!(due > next && due < next + TimeDelta::seconds(600));
    t.clock.set(due - TimeDelta::milliseconds(1));
    assert_eq!(t.fire_schedules().await.unwrap(), 0);
    t.clock.set(due);
    assert_eq!(t.fire_schedules().await.unwrap(), 1);
    assert_eq!(ids(&t).await, ["s.20260101T010000Z"]);
}
