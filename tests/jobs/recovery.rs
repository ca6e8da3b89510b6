//! recover_job and retry_failed_items.

use crate::support::{TestApp, any_job, for_good, refusal};
use callsheet::jobs::{Heartbeat, Idempotency, ItemReport, NewItem, NewJob, Progress};
use chrono::TimeDelta;
use entity::{ItemStatus::*, JobStatus};
use serde_json::json;

fn report(key: &str, status: entity::ItemStatus) -> ItemReport {
    let result = Some(json!({"of": key}));
    ItemReport {
        key: Some(key.into()),
        idx: None,
        status,
        result,
        error: (status == Failed).then(|| "blurred".into()),
    }
}

/// A job of a, b, c, d: done, failed, half done, not begun.
async fn broken(t: &TestApp) -> String {
    let items = ["a", "b", "c", "d"].map(|key| NewItem {
        key: key.into(),
        input: Some(json!({"p": key})),
    });
    let new = NewJob {
        items: items.into(),
        content: Some("A fox".into()),
        context: json!({"x": 1}).as_object().cloned(),
        ..any_job()
    };
    let id = t.create(new).await.id;
    t.start(&id).await;
    let reports = vec![
        report("a", Completed),
        report("b", Failed),
        report("c", Processing),
    ];
    t.report_items(&id, reports, None).await.unwrap();
    id
}

#[on_both]
async fn a_recovered_job_goes_on_from_its_checkpoint(t: TestApp) {
    let id = broken(&t).await;
    t.refused(&id, "job_transition_illegal", t.recover_job(&id, None))
        .await;
    t.mark_failed(&id, for_good("broken"), None).await.unwrap();
    let job = t.recover_job(&id, None).await.unwrap();
    assert_eq!(
        (job.status, job.error_message, job.completed_at),
        (JobStatus::Queued, None, None)
    );
    assert_eq!(
        (job.total_shots, job.completed_shots, job.progress),
        (4, 1, 25.0)
    );
    let whole = t.whole(&id).await;
    let items: Vec<_> = whole
        .items
        .iter()
        .map(|item| (item.status, item.error.is_some()))
        .collect();
    assert_eq!(
        items,
        [
            (Completed, false),
            (Pending, false),
            (Pending, false),
            (Pending, false)
        ]
    );
    assert_eq!(
        whole.events.last().unwrap().data,
        Some(json!({"done_items": 1, "reset_items": 2}))
    );
    assert_eq!(*whole.kinds().last().unwrap(), "recovered");
    whole.assert_history_is_whole();
    t.refused(&id, "job_transition_illegal", t.recover_job(&id, None))
        .await;
}

#[on_both]
async fn a_stuck_job_is_recovered_with_its_progress_and_a_cancelled_one_is_not(t: TestApp) {
    t.queued().await;
    let job = t.claimed("w").await.job;
    let progress = Progress {
        progress: Some(40.0),
        current_stage: Some("Rendering".into()),
    };
    t.heartbeat(
        &job.id,
        &job.lease_token.unwrap(),
        Heartbeat {
            progress,
            ..Default::default()
        },
    )
    .await
    .unwrap();
    t.clock.advance(TimeDelta::seconds(60));
    let job = t.recover_job(&job.id, None).await.unwrap();
    assert_eq!(
        (job.status, job.progress, job.lease_token),
        (JobStatus::Queued, 40.0, None)
    );
    t.cancel_job(&job.id, None, None).await.unwrap();
    t.refused(
        &job.id,
        "job_transition_illegal",
        t.recover_job(&job.id, None),
    )
    .await;
}

#[on_both]
async fn what_failed_of_a_job_becomes_a_job_of_its_own(t: TestApp) {
    let id = broken(&t).await;
    t.refused(&id, "job_not_ended", t.retry_failed_items(&id, None))
        .await;
    t.mark_completed(&id, None, None).await.unwrap();
    let before = t.whole(&id).await;
    let key = || {
        Some(Idempotency::new(
            "again".into(),
            "retry_failed_items",
            &json!(id),
        ))
    };
    let made = t.retry_failed_items(&id, key()).await.unwrap().job;
    assert_eq!(t.whole(&id).await, before, "the other one stays");
    let whole = t.whole(&made.id).await;
    assert_eq!(
        (made.status, made.content.as_deref(), made.total_shots),
        (JobStatus::Queued, Some("A fox"), 1)
    );
    assert_eq!(made.context, Some(json!({"x": 1, "retry_of": id})));
    let item = &whole.items[0];
    assert_eq!(
        (item.idx, item.key.as_str(), item.status, &item.input),
        (0, "b", Pending, &Some(json!({"p": "b"})))
    );
    assert_eq!((&item.result, &item.error, item.attempt), (&None, &None, 0));
    whole.assert_history_is_whole();
    let again = t.retry_failed_items(&id, key()).await.unwrap();
    assert_eq!((again.job.id, again.replayed), (made.id, true));
    let done = t.job_in(JobStatus::Completed).await.id;
    t.refused(&done, "no_failed_items", t.retry_failed_items(&done, None))
        .await;
    t.refused(
        &done,
        "no_failed_items",
        t.retry_failed_items(&done, Some(Idempotency::new("k".into(), "x", &json!(1)))),
    )
    .await;
    refusal(t.retry_failed_items("nobody", None).await, "job_not_found");
}
