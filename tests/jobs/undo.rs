//! undo_job and undo_action.

use super::mark_completed::object;
use crate::support::{TestApp, any_job, claim, for_good, refusal};
use callsheet::{
    jobs::{ActionFilter, Heartbeat, JobPatch, NewAction, NewJob, Progress},
    lifecycle::STALE_AFTER,
};
use chrono::{TimeDelta, Utc};
use entity::{
    JobStatus, job,
    job_action::{self, ActionKind, ActionStatus},
    job_action_outcome::Outcome,
};
use serde_json::json;

/// Returns the job without what every change writes, and without the token of the lease under which
/// a worker ended its attempt: no report under it is accepted after a retry.
fn as_it_was(job: &job::Model) -> job::Model {
    job::Model {
        version: 0,
        updated_at: chrono::DateTime::<Utc>::UNIX_EPOCH,
        last_lease_token: None,
        ..job.clone()
    }
}

async fn scheduled(t: &TestApp, id: &str) -> job::Model {
    let run_at = t.now() + TimeDelta::hours(5);
    let new = NewJob {
        job_id: Some(id.into()),
        run_at: Some(run_at),
        priority: 3,
        ..any_job()
    };
    t.create(new).await
}

/// A job whose only attempt failed, with a result that it reported before.
async fn failed(t: &TestApp) -> job::Model {
    let new = NewJob {
        max_attempts: Some(1),
        ..any_job()
    };
    let id = t.create(new).await.id;
    let leased = t.claimed("w").await.job;
    let token = leased.lease_token.unwrap();
    let progress = Progress {
        progress: Some(100.0 / 3.0),
        current_stage: Some("Rendering".into()),
    };
    t.update_progress(&id, progress, callsheet::jobs::Guard::lease(token.clone()))
        .await
        .unwrap();
    let patch = JobPatch {
        result: Some(Some(object(json!({"half": [1.5, {"deep": null}]})))),
        ..Default::default()
    };
    t.update_job(&id, patch, None).await.unwrap();
    let guard = callsheet::jobs::Guard::lease(token);
    t.mark_failed(&id, for_good("the lens broke\nline two"), guard)
        .await
        .unwrap()
}

#[on_both]
async fn a_cancelled_job_gets_its_time_back(t: TestApp) {
    let before = scheduled(&t, "film").await;
    t.clock.advance(TimeDelta::seconds(9));
    let cancelled = t.cancel_job("film", None, None).await.unwrap();
    t.clock.advance(TimeDelta::seconds(9));
    let seen = Some(vec![cancelled.version]);
    let job = t.undo_job("film", seen.clone()).await.unwrap();
    assert_eq!(as_it_was(&job), as_it_was(&before));
    assert_eq!((job.version, job.updated_at), (3, t.now()));
    assert!(t.claim_jobs(claim("w")).await.unwrap().is_empty());
    let whole = t.whole("film").await;
    whole.assert_history_is_whole();
    assert_eq!(whole.kinds(), ["created", "cancelled", "undone"]);
    refusal(t.undo_job("film", seen).await, "version_mismatch");
    let again = refusal(t.undo_job("film", None).await, "cannot_undo");
    assert!(again.to_string().contains("undone already"), "{again}");
}

#[on_both]
async fn a_retried_job_gets_its_error_result_and_progress_back(t: TestApp) {
    let before = failed(&t).await;
    t.clock.advance(TimeDelta::hours(2));
    let retried = t.retry_job(&before.id, None).await.unwrap();
    assert_eq!(retried.max_attempts, 2);
    let job = t.undo_job(&before.id, None).await.unwrap();
    assert_eq!(as_it_was(&job), as_it_was(&before));
    assert_eq!(job.status, JobStatus::Failed);
    t.whole(&before.id).await.assert_history_is_whole();
    // What is put back can be retried and put back again.
    t.retry_job(&before.id, None).await.unwrap();
    let job = t.undo_job(&before.id, None).await.unwrap();
    assert_eq!(as_it_was(&job), as_it_was(&before));
}

#[on_both]
async fn a_change_of_the_schedule_is_undone_and_one_of_the_content_is_not(t: TestApp) {
    let before = scheduled(&t, "film").await;
    let patch = JobPatch {
        priority: Some(-4),
        run_at: Some(None),
        max_attempts: Some(9),
        ..Default::default()
    };
    t.update_job("film", patch, None).await.unwrap();
    let job = t.undo_job("film", None).await.unwrap();
    assert_eq!(as_it_was(&job), as_it_was(&before));
    let patch = JobPatch {
        status: Some(JobStatus::Cancelled),
        priority: Some(7),
        ..Default::default()
    };
    t.update_job("film", patch, None).await.unwrap();
    let job = t.undo_job("film", None).await.unwrap();
    assert_eq!(as_it_was(&job), as_it_was(&before));
    let patch = JobPatch {
        priority: Some(1),
        style: Some(Some("noir".into())),
        ..Default::default()
    };
    t.update_job("film", patch, None).await.unwrap();
    let error = refusal(t.undo_job("film", None).await, "cannot_undo");
    assert!(error.to_string().contains("`updated`"), "{error}");
}

#[on_both]
async fn a_job_that_changed_since_stays_as_it_is(t: TestApp) {
    t.named("film").await;
    t.cancel_job("film", None, None).await.unwrap();
    t.retry_job("film", None).await.unwrap();
    t.claimed("w").await;
    let error = refusal(t.undo_job("film", None).await, "cannot_undo");
    assert!(error.to_string().contains("A worker has it"), "{error}");
    refusal(t.undo_job("none", None).await, "job_not_found");
}

#[on_both]
async fn a_request_to_stop_is_undone_until_the_worker_hears_of_it(t: TestApp) {
    let id = t.queued().await.id;
    let token = t.claimed("w").await.job.lease_token.unwrap();
    let before = t.get_job(&id).await.unwrap();
    t.clock.advance(TimeDelta::seconds(1));
    t.cancel_job(&id, None, None).await.unwrap();
    let job = t.undo_job(&id, None).await.unwrap();
    assert_eq!(as_it_was(&job), as_it_was(&before));
    t.clock.advance(TimeDelta::seconds(1));
    t.cancel_job(&id, None, None).await.unwrap();
    t.clock.advance(TimeDelta::seconds(1));
    let beat = t
        .heartbeat(&id, &token, Heartbeat::default())
        .await
        .unwrap();
    assert!(beat.cancel_requested);
    let error = refusal(t.undo_job(&id, None).await, "cannot_undo");
    assert!(error.to_string().contains("has to stop"), "{error}");
}

#[on_both]
async fn a_lease_that_a_retry_ended_is_not_given_back(t: TestApp) {
    let id = t.queued().await.id;
    t.claimed("w").await;
    t.clock.advance(TimeDelta::hours(1));
    t.retry_job(&id, None).await.unwrap();
    let error = refusal(t.undo_job(&id, None).await, "cannot_undo");
    assert!(error.to_string().contains("lease"), "{error}");
    // A job that ran without a lease can be given back.
    let before = t.start(&id).await;
    t.clock.advance(STALE_AFTER);
    t.retry_job(&id, None).await.unwrap();
    let job = t.undo_job(&id, None).await.unwrap();
    assert_eq!(as_it_was(&job), as_it_was(&before));
}

#[on_both]
async fn an_error_that_is_too_large_is_not_kept_and_the_undo_says_so(t: TestApp) {
    for (size, kept) in [(200_000, true), (300_000, false)] {
        let id = t.started().await.id;
        let before = t
            .mark_failed(&id, for_good(&"x".repeat(size)), None)
            .await
            .unwrap();
        t.retry_job(&id, None).await.unwrap();
        match t.undo_job(&id, None).await {
            Ok(job) => assert_eq!((kept, job.error_message), (true, before.error_message)),
            Err(error) => assert!(!kept && error.to_string().contains("too large"), "{error}"),
        }
    }
}

#[on_both]
async fn clients_see_nothing_of_what_an_event_keeps(t: TestApp) {
    let before = failed(&t).await;
    t.retry_job(&before.id, None).await.unwrap();
    let events = t.list_events(&before.id, None, 50).await.unwrap();
    assert_eq!(events.last().unwrap().kind, "retried");
    assert_eq!(events.last().unwrap().data, None);
    t.cancel_job(&before.id, Some("no".into()), None)
        .await
        .unwrap();
    let events = t.list_events(&before.id, None, 50).await.unwrap();
    assert_eq!(events.last().unwrap().data, Some(json!({"reason": "no"})));
}

#[on_both]
async fn a_job_returns_to_the_lists_of_its_clients(t: TestApp) {
    t.named("film").await;
    for client in ["phone", "desk"] {
        t.set_active_job(client, "film", Some("Night train".into()))
            .await
            .unwrap();
    }
    let before = t.list_active_jobs("phone").await.unwrap();
    t.cancel_job("film", None, None).await.unwrap();
    assert!(t.list_active_jobs("phone").await.unwrap().is_empty());
    t.undo_job("film", None).await.unwrap();
    let after = t.list_active_jobs("phone").await.unwrap();
    assert_eq!(after.len(), before.len());
    assert_eq!(after[0].0, before[0].0);
    assert_eq!(t.list_active_jobs("desk").await.unwrap().len(), 1);
}

async fn done(t: &TestApp, kind: ActionKind, priority: Option<i16>) -> job_action::Model {
    let new = NewAction {
        action: kind,
        priority,
        filter: ActionFilter {
            job_type: Some("idea2video".into()),
            ..Default::default()
        },
    };
    let begun = t.start_action(new, true, None).await.unwrap();
    t.run_actions().await.unwrap();
    t.get_action(&begun.id).await.unwrap()
}

async fn undone(t: &TestApp, id: &str) -> job_action::Model {
    let undo = t.undo_action(id).await.unwrap();
    t.run_actions().await.unwrap();
    let ended = t.get_action(&undo.id).await.unwrap();
    assert_eq!(
        (ended.status, ended.error.clone(), ended.undoes.as_deref()),
        (ActionStatus::Completed, None, Some(id))
    );
    ended
}

#[on_both]
async fn an_undo_puts_every_job_of_an_action_back(t: TestApp) {
    for i in 0..120 {
        scheduled(&t, &format!("scheduled-{i}")).await;
    }
    let broken = failed(&t).await;
    let first = t.get_job("scheduled-7").await.unwrap();
    for (kind, priority, changes) in [
        (ActionKind::Cancel, None, 120),
        (ActionKind::SetPriority, Some(50), 121),
        (ActionKind::Retry, None, 1),
    ] {
        t.clock.advance(TimeDelta::seconds(1));
        let action = done(&t, kind, priority).await;
        assert_eq!(action.changed, changes, "{kind:?}");
        let undo = undone(&t, &action.id).await;
        assert_eq!((undo.changed, undo.skipped, undo.failed), (changes, 0, 0));
        let same = t.undo_action(&action.id).await.unwrap();
        assert_eq!(same.id, undo.id, "{kind:?}");
        let job = t.get_job("scheduled-7").await.unwrap();
        assert_eq!(as_it_was(&job), as_it_was(&first), "{kind:?}");
        let job = t.get_job(&broken.id).await.unwrap();
        assert_eq!(as_it_was(&job), as_it_was(&broken), "{kind:?}");
        t.whole("scheduled-7").await.assert_history_is_whole();
    }
}

#[on_both]
async fn an_undo_names_the_jobs_that_it_left_and_why(t: TestApp) {
    for id in ["kept", "changed", "gone", "running"] {
        t.named(id).await;
    }
    let action = done(&t, ActionKind::SetPriority, Some(9)).await;
    let patch = JobPatch {
        priority: Some(1),
        ..Default::default()
    };
    t.update_job("changed", patch, None).await.unwrap();
    t.delete_job("gone", None).await.unwrap();
    t.start("running").await;
    let undo = undone(&t, &action.id).await;
    assert_eq!((undo.matching, undo.changed, undo.skipped), (4, 1, 3));
    let left = t
        .list_action_outcomes(&undo.id, Some(Outcome::Skipped), None, 10)
        .await
        .unwrap();
    let why = |id: &str| {
        let one = left.iter().find(|one| one.job_id == id).unwrap();
        (one.code.clone().unwrap(), one.detail.clone().unwrap())
    };
    assert_eq!(why("gone").0, "job_not_found");
    let (code, detail) = why("running");
    assert_eq!(code, "cannot_undo");
    assert!(
        detail.contains("`started`") && detail.contains("A worker has it"),
        "{detail}"
    );
    assert!(why("changed").1.contains("has changed since"));
    assert_eq!(t.get_job("kept").await.unwrap().priority, 0);
    assert_eq!(t.get_job("changed").await.unwrap().priority, 1);
}

#[on_both]
async fn what_cannot_be_undone_is_refused(t: TestApp) {
    t.named("film").await;
    let running = NewAction {
        action: ActionKind::Cancel,
        priority: None,
        filter: ActionFilter {
            job_ids: vec!["film".into()],
            ..Default::default()
        },
    };
    let running = t.start_action(running, true, None).await.unwrap();
    refusal(t.undo_action(&running.id).await, "action_running");
    t.run_actions().await.unwrap();
    let undo = undone(&t, &running.id).await;
    refusal(t.undo_action(&undo.id).await, "cannot_undo");
    let deleted = done(&t, ActionKind::Delete, None).await;
    refusal(t.undo_action(&deleted.id).await, "cannot_undo");
    refusal(t.undo_action("none").await, "action_not_found");
    let by_filter = NewAction {
        action: ActionKind::Undo,
        priority: None,
        filter: ActionFilter::default(),
    };
    refusal(
        t.start_action(by_filter, true, None).await,
        "invalid_request",
    );
}
