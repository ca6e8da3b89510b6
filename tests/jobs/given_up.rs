//! How an attempt ends whose job is not finished: by a release, a cancellation, or a failure before
//! that.

use super::endings::{DONE, by, held, outcome};
use crate::support::{TestApp, any_job, for_now};
use callsheet::jobs::{Ending, ItemReport, NewItem, NewJob};
use entity::{ItemStatus, JobStatus};
use serde_json::json;

#[on_both]
async fn a_job_that_waits_for_its_next_attempt_is_cancelled_at_once_and_comes_back_at_once(
    t: TestApp,
) {
    let (id, token) = held(&t).await;
    let wait = callsheet::jobs::Failure {
        retry_after_seconds: Some(3600),
        ..for_now("busy")
    };
    t.mark_failed(&id, wait.clone(), by(&token)).await.unwrap();
    let job = t.cancel_job(&id, None, None).await.unwrap();
    assert_eq!(
        (job.status, job.completed_at),
        (JobStatus::Cancelled, Some(t.now()))
    );
    t.refused(&id, "lease_lost", t.mark_failed(&id, wait, by(&token)))
        .await;
    t.refused(&id, "job_transition_illegal", t.cancel_job(&id, None, None))
        .await;
    assert!(
        t.claim_jobs(crate::support::claim("w"))
            .await
            .unwrap()
            .is_empty()
    );
    let job = t.retry_job(&id, None).await.unwrap();
    assert_eq!(
        (job.status, job.run_at, job.attempt),
        (JobStatus::Queued, None, 1),
        "the hour is not waited for"
    );
    let again = t.claimed("w").await.job;
    assert_eq!((again.id.as_str(), again.attempt), (id.as_str(), 2));
    let whole = t.whole(&id).await;
    assert_eq!(
        whole.kinds(),
        [
            "created",
            "started",
            "retry_scheduled",
            "cancelled",
            "retried",
            "started"
        ]
    );
    whole.assert_history_is_whole();
}

#[on_both]
async fn a_release_gives_the_attempt_back_and_keeps_what_is_done(t: TestApp) {
    let items = ["a", "b"].map(|key| NewItem {
        key: key.into(),
        input: None,
    });
    let id = t
        .create(NewJob {
            items: items.into(),
            ..any_job()
        })
        .await
        .id;
    let token = t.claimed("w").await.job.lease_token.unwrap();
    let done = ItemReport {
        key: Some("a".into()),
        idx: None,
        status: ItemStatus::Completed,
        result: None,
        error: None,
    };
    t.report_items(&id, vec![done], by(&token)).await.unwrap();
    let job = t.release_job(&id, by(&token)).await.unwrap();
    assert_eq!(
        (
            job.status,
            job.attempt,
            job.progress,
            job.worker_id.as_deref()
        ),
        (JobStatus::Queued, 0, 50.0, None)
    );
    assert_eq!(
        (&job.lease_token, job.lease_expires_at, job.run_at),
        (&None, None, None)
    );
    assert_eq!(
        t.release_job(&id, by(&token)).await.unwrap(),
        job,
        "said again"
    );
    let whole = t.whole(&id).await;
    assert_eq!(
        whole.kinds(),
        ["created", "started", "items_reported", "released"]
    );
    assert_eq!(
        whole.events[3].data,
        Some(json!({"attempt": 1, "worker_id": "w"}))
    );
    whole.assert_history_is_whole();
    let next = t.claimed("w2").await;
    assert_eq!(
        (next.job.attempt, next.items[0].status),
        (1, ItemStatus::Completed)
    );
}

#[on_both]
async fn a_job_that_is_not_wanted_ends_as_its_worker_says(t: TestApp) {
    for (ending, status) in [
        (DONE, JobStatus::Completed),
        (Ending::Failed(for_now("stopped")), JobStatus::Cancelled),
        (Ending::Released, JobStatus::Cancelled),
    ] {
        let (id, token) = held(&t).await;
        t.cancel_job(&id, None, None).await.unwrap();
        let outcomes = vec![outcome(&id, &token, ending)];
        let answer = t
            .report_outcomes(outcomes.clone())
            .await
            .unwrap()
            .remove(0)
            .1
            .unwrap();
        assert_eq!((answer.status, answer.cancel_requested_at), (status, None));
        let before = t.whole(&id).await;
        before.assert_history_is_whole();
        t.report_outcomes(outcomes)
            .await
            .unwrap()
            .remove(0)
            .1
            .unwrap();
        assert_eq!(t.whole(&id).await, before);
    }
}
