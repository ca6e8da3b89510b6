//! cancel_job.

use crate::support::{TestApp, pointers};
use chrono::TimeDelta;
use entity::JobStatus;
use serde_json::json;

#[on_both]
async fn a_queued_job_is_cancelled_at_once(t: TestApp) {
    let id = t.queued().await.id;
    let now = t.clock.advance(TimeDelta::seconds(1));
    let job = t
        .cancel_job(&id, Some("not needed".into()), None)
        .await
        .unwrap();
    assert_eq!(
        (job.status, job.completed_at, job.cancel_requested_at),
        (JobStatus::Cancelled, Some(now), None)
    );
    let events = t.list_events(&id, None, 10).await.unwrap();
    assert_eq!(t.whole(&id).await.kinds(), ["created", "cancelled"]);
    assert_eq!(events[1].data, Some(json!({"reason": "not needed"})));
}

#[on_both]
async fn a_job_that_runs_without_a_lease_is_cancelled_at_once(t: TestApp) {
    let id = t.started().await.id;
    t.update_shots(&id, Some(4), Some(1), None).await.unwrap();
    let job = t.cancel_job(&id, None, None).await.unwrap();
    assert_eq!(
        (job.status, job.progress, job.completed_shots),
        (JobStatus::Cancelled, 25.0, 1)
    );
}

#[on_both]
async fn a_long_reason_or_one_with_a_nul_is_refused(t: TestApp) {
    let id = t.queued().await.id;
    let long = t
        .refused(
            &id,
            "invalid_request",
            t.cancel_job(&id, Some("x".repeat(1001)), None),
        )
        .await;
    assert_eq!(pointers(&long), ["/reason too_long"]);
    let nul = t
        .refused(
            &id,
            "invalid_request",
            t.cancel_job(&id, Some("\0".into()), None),
        )
        .await;
    assert_eq!(pointers(&nul), ["/reason nul_character"]);
    t.cancel_job(&id, Some("é".repeat(1000)), None)
        .await
        .unwrap();
}
