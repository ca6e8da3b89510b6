//! Jobs that their creators run: no worker gets them until a retry, a recover or a release.

use super::mark_completed::object;
use crate::support::{TestApp, any_job, claim, code_of, for_good, for_now};
use callsheet::{
    error::Result,
    jobs::{Claim, Forecast, Guard, ItemReport, JobPatch, NewItem, NewJob, Progress, RunBy},
    lifecycle::{BucketSize, STALE_AFTER},
};
use chrono::TimeDelta;
use entity::{ItemStatus, JobStatus, job};
use serde_json::json;

fn own() -> NewJob {
    NewJob {
        run: RunBy::Creator,
        ..any_job()
    }
}

fn percent(progress: f64) -> Progress {
    Progress {
        progress: Some(progress),
        current_stage: None,
    }
}

async fn claimed(t: &TestApp) -> Vec<String> {
    let all = Claim {
        max_jobs: 9,
        ..claim("w")
    };
    let claimed = t.claim_jobs(all).await.unwrap();
    claimed.into_iter().map(|one| one.job.id).collect()
}

#[on_both]
async fn no_claim_returns_the_job_of_its_creator_and_no_number_counts_it_as_due(t: TestApp) {
    let id = t.create(own()).await.id;
    let later = NewJob {
        run_at: Some(t.now() + TimeDelta::hours(1)),
        ..own()
    };
    t.create(later).await;
    t.clock.advance(TimeDelta::minutes(5));
    let open = t.queued().await.id;
    let stats = t
        .get_stats(BucketSize::Minute, None, Default::default())
        .await
        .unwrap();
    assert_eq!(stats.waiting.scheduled, 0);
    assert_eq!(stats.waiting.oldest.unwrap().job_id, open);
    assert_eq!(t.get_queue("idea2video").await.unwrap().queued, 1);
    let numbers = t.get_metrics().await.database.unwrap();
    assert_eq!(numbers.oldest_due, [("idea2video".to_owned(), 0.0)]);
    let held = t.get_job(&id).await.unwrap();
    assert_eq!((held.status, held.holds), (JobStatus::Queued, 1));
    assert_eq!(t.forecast(&held).await.unwrap(), Forecast::default());
    let next = t.get_job(&open).await.unwrap();
    let place = t.forecast(&next).await.unwrap().queue_position;
    assert_eq!(place, Some(1));
    assert_eq!(claimed(&t).await, [open]);
    assert!(claimed(&t).await.is_empty());
}

#[on_both]
async fn its_creator_reports_and_ends_it_without_a_lease(t: TestApp) {
    let id = t.create(own()).await.id;
    t.clock.advance(TimeDelta::seconds(3));
    let job = t.update_progress(&id, percent(50.0), None).await.unwrap();
    assert_eq!(
        (job.status, job.progress, job.attempt),
        (JobStatus::Processing, 50.0, 1)
    );
    assert!(claimed(&t).await.is_empty());
    let patch = JobPatch {
        working_dir: Some(Some("/films/1".into())),
        ..Default::default()
    };
    t.update_job(&id, patch, None).await.unwrap();
    let result = object(json!({"video_path": "/media/test.mp4"}));
    let done = t.mark_completed(&id, Some(result), None).await.unwrap();
    assert_eq!((done.status, done.progress), (JobStatus::Completed, 100.0));
    let whole = t.whole(&id).await;
    let kinds = ["created", "started", "progressed", "updated", "completed"];
    assert_eq!(whole.kinds(), kinds);
    assert_eq!(whole.events[1].status, JobStatus::Processing);
    whole.assert_history_is_whole();
}

#[on_both]
async fn a_report_or_an_end_of_its_creator_starts_a_queued_job(t: TestApp) {
    let patch = |status, progress| JobPatch {
        status,
        progress,
        ..Default::default()
    };
    let item = ItemReport {
        key: Some("shot-1".into()),
        idx: None,
        status: ItemStatus::Completed,
        result: None,
        error: None,
    };
    for call in 0..8 {
        let id = t.create(own()).await.id;
        t.clock.advance(TimeDelta::seconds(2));
        let (outcome, kind): (Result<job::Model>, _) = match call {
            0 => (t.mark_completed(&id, None, None).await, "completed"),
            1 => (t.mark_failed(&id, for_good("x"), None).await, "failed"),
            2 => (
                t.update_shots(&id, Some(4), Some(1), None).await,
                "shots_updated",
            ),
            3 => (
                t.report_items(&id, vec![item.clone()], None).await,
                "items_reported",
            ),
            4 => (
                t.update_job(&id, patch(None, Some(5.0)), None).await,
                "updated",
            ),
            5 => (
                t.update_job(&id, patch(Some(JobStatus::Completed), None), None)
                    .await,
                "completed",
            ),
            6 => (
                t.update_job(&id, patch(Some(JobStatus::Failed), None), None)
                    .await,
                "failed",
            ),
            _ => (
                t.mark_failed(&id, for_now("x"), None).await,
                "retry_scheduled",
            ),
        };
        let job = outcome.unwrap_or_else(|error| panic!("{kind}: {error}"));
        let whole = t.whole(&id).await;
        assert_eq!(whole.kinds(), ["created", "started", kind]);
        assert_eq!(whole.events[1].status, JobStatus::Processing, "{kind}");
        assert_eq!(whole.events[1].seconds, Some(2.0), "{kind}");
        assert_eq!(whole.events[2].status, job.status, "{kind}");
        assert_eq!((job.attempt, job.version), (1, 3), "{kind}");
        assert!(job.started_at.is_some(), "{kind}");
        whole.assert_history_is_whole();
    }
    assert!(claimed(&t).await.is_empty(), "they stay with their creator");
}

#[on_both]
async fn only_a_job_of_its_creator_is_started_by_its_end_and_never_under_a_lease(t: TestApp) {
    let id = t.queued().await.id;
    let refused = t.mark_completed(&id, None, None).await;
    assert_eq!(code_of(&refused), "job_transition_illegal");
    let refused = t.update_progress(&id, percent(1.0), None).await;
    assert_eq!(code_of(&refused), "job_not_processing");
    let id = t.create(own()).await.id;
    let call = t.mark_completed(&id, None, Guard::lease("token"));
    t.refused(&id, "lease_lost", call).await;
}

#[on_both]
async fn a_retry_a_recover_or_a_release_gives_it_to_workers(t: TestApp) {
    for (verb, kind) in [(0, "retried"), (1, "recovered"), (2, "released")] {
        let run_at = Some(t.now() + TimeDelta::seconds(30));
        let id = t.create(NewJob { run_at, ..own() }).await.id;
        let now = t.clock.advance(TimeDelta::minutes(2));
        let given = match verb {
            0 => t.retry_job(&id, None).await,
            1 => t.recover_job(&id, None).await,
            _ => t.release_job(&id, None).await,
        };
        let given = given.unwrap();
        assert_eq!((given.status, given.holds), (JobStatus::Queued, 0));
        assert_eq!((given.run_at, given.status_since), (run_at, Some(now)));
        assert_eq!(t.whole(&id).await.kinds(), ["created", kind]);
        assert_eq!(claimed(&t).await, [id.as_str()], "{kind}");
    }
    let open = t.queued().await.id;
    t.refused(&open, "job_transition_illegal", t.retry_job(&open, None))
        .await;
}

#[on_both]
async fn what_its_creator_left_goes_to_workers_on_request_alone(t: TestApp) {
    let id = t.create(own()).await.id;
    t.start(&id).await;
    t.mark_failed(&id, for_now("busy"), None).await.unwrap();
    t.clock.advance(TimeDelta::hours(1));
    assert!(claimed(&t).await.is_empty(), "the creator tries it again");
    t.start(&id).await;
    t.clock.advance(STALE_AFTER);
    assert_eq!(t.retry_job(&id, None).await.unwrap().holds, 0);
    assert_eq!(claimed(&t).await, [id.as_str()]);

    let id = t.create(own()).await.id;
    t.mark_failed(&id, for_good("broken"), None).await.unwrap();
    let queued = JobPatch {
        status: Some(JobStatus::Queued),
        ..Default::default()
    };
    let patched = t.update_job(&id, queued, None).await.unwrap();
    assert_eq!((patched.status, patched.holds), (JobStatus::Queued, 1));
    t.retry_job(&id, None).await.unwrap();
    let undone = t.undo_job(&id, None).await.unwrap();
    assert_eq!((undone.status, undone.holds), (JobStatus::Queued, 1));
    assert!(claimed(&t).await.is_empty());
}

#[on_both]
async fn the_failed_items_of_its_job_go_to_workers(t: TestApp) {
    let items = vec![NewItem {
        key: "shot-1".into(),
        input: None,
    }];
    let id = t.create(NewJob { items, ..own() }).await.id;
    let report = ItemReport {
        key: Some("shot-1".into()),
        idx: None,
        status: ItemStatus::Failed,
        result: None,
        error: Some("dark".into()),
    };
    t.report_items(&id, vec![report], None).await.unwrap();
    t.mark_completed(&id, None, None).await.unwrap();
    let again = t.retry_failed_items(&id, None).await.unwrap().job;
    assert_eq!(again.holds, 0);
    assert_eq!(claimed(&t).await, [again.id]);
}

#[on_both]
async fn an_ended_job_without_items_takes_counts_and_keeps_its_progress(t: TestApp) {
    for status in [JobStatus::Completed, JobStatus::Failed] {
        let id = t.job_in(status).await.id;
        let progress = t.get_job(&id).await.unwrap().progress;
        let counted = t.update_shots(&id, Some(10), Some(4), None).await.unwrap();
        assert_eq!((counted.total_shots, counted.completed_shots), (10, 4));
        let patch = JobPatch {
            completed_shots: Some(10),
            working_dir: Some(Some("/films/1".into())),
            ..Default::default()
        };
        let patched = t.update_job(&id, patch, None).await.unwrap();
        assert_eq!((patched.total_shots, patched.completed_shots), (10, 10));
        assert_eq!((patched.status, patched.progress), (status, progress));
        let call = t.update_shots(&id, Some(3), None, None);
        t.refused(&id, "shots_exceed_total", call).await;
    }
    let id = t.with_items(&["a"]).await.id;
    t.start(&id).await;
    t.mark_completed(&id, None, None).await.unwrap();
    let call = t.update_shots(&id, Some(3), None, None);
    t.refused(&id, "job_not_processing", call).await;
}
