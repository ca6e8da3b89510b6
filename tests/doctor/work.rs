//! Faults of the work: what waits in vain.

use super::{break_it, ids};
use crate::support::{TestApp, any_job};
use callsheet::jobs::{ActionFilter, NewAction, NewJob, NewSchedule, NewSeries, NewWebhook};
use chrono::TimeDelta;
use entity::{job_action::ActionKind, schedule::ScheduleKind};

#[on_both]
async fn a_lease_that_no_server_ends(t: TestApp) {
    t.queued().await;
    t.claimed("worker-1").await;
    t.roll_up_stats().await.unwrap();
    t.clock.advance(TimeDelta::seconds(119));
    assert_eq!(ids(&t.db.url, t.now()).await, Vec::<&str>::new());
    t.clock.advance(TimeDelta::seconds(2));
    assert_eq!(ids(&t.db.url, t.now()).await, ["work.expired_leases"]);
}

#[on_both]
async fn a_job_without_a_lease_of_which_nothing_is_heard(t: TestApp) {
    t.started().await;
    t.roll_up_stats().await.unwrap();
    t.clock.advance(TimeDelta::minutes(16));
    assert_eq!(ids(&t.db.url, t.now()).await, ["work.silent_jobs"]);
}

#[on_both]
async fn a_worker_that_ignores_a_request_to_cancel(t: TestApp) {
    let job = t.started().await;
    t.lease(&job.id, t.now() + TimeDelta::hours(3)).await;
    t.cancel_job(&job.id, None, None).await.unwrap();
    t.roll_up_stats().await.unwrap();
    t.clock.advance(TimeDelta::hours(2));
    assert_eq!(ids(&t.db.url, t.now()).await, ["work.cancel_ignored"]);
}

#[on_both]
async fn a_paused_queue_with_jobs(t: TestApp) {
    t.queued().await;
    t.roll_up_stats().await.unwrap();
    t.set_queue("idea2video", Some(true), None).await.unwrap();
    t.clock.advance(TimeDelta::hours(1));
    assert_eq!(ids(&t.db.url, t.now()).await, ["work.paused_queues"]);
}

#[on_both]
async fn a_type_that_no_worker_asks_for(t: TestApp) {
    t.create(NewJob {
        run_at: Some(t.now() + TimeDelta::hours(1)),
        ..any_job()
    })
    .await;
    t.roll_up_stats().await.unwrap();
    t.clock.advance(TimeDelta::minutes(70));
    assert_eq!(
        ids(&t.db.url, t.now()).await,
        Vec::<&str>::new(),
        "due for ten minutes"
    );
    t.clock.advance(TimeDelta::minutes(10));
    assert_eq!(ids(&t.db.url, t.now()).await, ["work.unclaimed_types"]);
    t.create(NewJob {
        priority: 1,
        ..any_job()
    })
    .await;
    t.claimed("worker-1").await;
    t.note_workers().await.unwrap();
    t.roll_up_stats().await.unwrap();
    assert_eq!(
        ids(&t.db.url, t.now()).await,
        Vec::<&str>::new(),
        "a worker asks for it"
    );
}

#[on_both]
async fn statistics_that_fall_behind(t: TestApp) {
    t.job_in(entity::JobStatus::Cancelled).await;
    t.clock.advance(TimeDelta::minutes(6));
    assert_eq!(ids(&t.db.url, t.now()).await, ["work.statistics_behind"]);
}

#[on_both]
async fn an_action_that_no_server_continues(t: TestApp) {
    t.job_in(entity::JobStatus::Failed).await;
    t.roll_up_stats().await.unwrap();
    let action = NewAction {
        action: ActionKind::Retry,
        priority: None,
        filter: ActionFilter {
            status: vec![entity::JobStatus::Failed],
            ..ActionFilter::default()
        },
    };
    t.start_action(action, true, None).await.unwrap();
    t.clock.advance(TimeDelta::minutes(20));
    assert_eq!(ids(&t.db.url, t.now()).await, ["work.actions_stuck"]);
}

#[on_both]
async fn an_import_whose_process_is_gone(t: TestApp) {
    let at = t.now().to_rfc3339();
    let sql = format!(
        "INSERT INTO imports (id, status, options, started_at) VALUES ('i-1', 'running', '{{}}', '{at}')"
    );
    break_it(&t.db, &[&sql]).await;
    t.clock.advance(TimeDelta::minutes(20));
    assert_eq!(ids(&t.db.url, t.now()).await, ["work.imports_stuck"]);
}

#[on_both]
async fn a_schedule_that_no_server_fires_and_one_whose_jobs_cannot_be_created(t: TestApp) {
    let title = "Night trains".into();
    let series = t.create_series(NewSeries { title }, None).await.unwrap().id;
    let new = NewSchedule {
        id: "hourly".into(),
        kind: ScheduleKind::Every,
        expr: "1h".into(),
        timezone: None,
        template: NewJob {
            series_id: Some(series.clone()),
            ..any_job()
        },
        overlap: None,
        missed: None,
        window_seconds: None,
        jitter_seconds: None,
        starts_at: None,
        ends_at: None,
        paused: false,
    };
    t.create_schedule(new).await.unwrap();
    t.clock.advance(TimeDelta::minutes(61));
    assert_eq!(ids(&t.db.url, t.now()).await, Vec::<&str>::new());
    t.clock.advance(TimeDelta::seconds(1));
    assert_eq!(ids(&t.db.url, t.now()).await, ["work.schedules_late"]);
    t.delete_series(&series).await.unwrap();
    t.fire_schedules().await.unwrap();
    assert_eq!(ids(&t.db.url, t.now()).await, ["work.schedules_failing"]);
}

#[on_both]
async fn a_webhook_that_was_disabled(t: TestApp) {
    let new = NewWebhook {
        url: "https://hooks.studio.example/".into(),
        ..NewWebhook::default()
    };
    let webhook = t.create_webhook(new).await.unwrap();
    assert_eq!(ids(&t.db.url, t.now()).await, Vec::<&str>::new());
    let sql = format!(
        "UPDATE webhooks SET state = 'disabled' WHERE id = '{}'",
        webhook.id
    );
    break_it(&t.db, &[&sql]).await;
    assert_eq!(ids(&t.db.url, t.now()).await, ["work.webhooks_disabled"]);
}
