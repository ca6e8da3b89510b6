//! start_job.

use crate::support::{TestApp, for_now, pointers};
use chrono::TimeDelta;
use entity::JobStatus;
use serde_json::json;

#[on_both]
async fn a_start_counts_an_attempt_and_names_the_worker_without_a_lease(t: TestApp) {
    let id = t.queued().await.id;
    let now = t.clock.advance(TimeDelta::seconds(1));
    let job = t
        .start_job(&id, Some("studio-7".into()), None)
        .await
        .unwrap();
    assert_eq!(
        (job.status, job.attempt, job.version),
        (JobStatus::Processing, 1, 2)
    );
    assert_eq!(job.worker_id.as_deref(), Some("studio-7"));
    assert_eq!((job.lease_token, job.lease_expires_at), (None, None));
    assert_eq!((job.started_at, job.updated_at), (Some(now), now));
    let whole = t.whole(&id).await;
    assert_eq!(whole.kinds(), ["created", "started"]);
    assert_eq!(
        whole.events[1].data,
        Some(json!({"attempt": 1, "worker_id": "studio-7"}))
    );
}

#[on_both]
async fn the_time_of_the_first_start_stays(t: TestApp) {
    let first = t.started().await;
    t.clock.advance(TimeDelta::minutes(1));
    t.mark_failed(&first.id, for_now("busy"), None)
        .await
        .unwrap();
    t.clock.advance(TimeDelta::minutes(1));
    let second = t.start(&first.id).await;
    assert_eq!((second.attempt, second.started_at), (2, first.started_at));
    assert_eq!(
        second.error_message, None,
        "a new attempt begins without the error of the last"
    );
}

#[on_both]
async fn two_starts_at_once_give_the_job_to_one(t: TestApp) {
    for _ in 0..10 {
        let id = t.queued().await.id;
        let start = |n: i32| {
            let (t, id) = (t.clone(), id.clone());
            async move {
                t.start_job(&id, Some(format!("worker-{n}")), None)
                    .await
                    .map_err(|e| e.code())
            }
        };
        let outcomes = crate::support::at_once((0..4).map(start)).await;
        assert_eq!(outcomes.iter().filter(|o| o.is_ok()).count(), 1);
        assert!(outcomes.iter().flatten().all(|job| job.attempt == 1));
        assert!(
            outcomes
                .iter()
                .all(|o| matches!(o, Ok(_) | Err("job_transition_illegal")))
        );
    }
}

#[on_both]
async fn a_worker_without_a_visible_name_is_refused(t: TestApp) {
    let id = t.queued().await.id;
    for name in ["", "tab\there", "nul\0", &"x".repeat(201)] {
        let error = t
            .refused(
                &id,
                "invalid_request",
                t.start_job(&id, Some(name.into()), None),
            )
            .await;
        assert_eq!(pointers(&error), ["/worker_id invalid_name"]);
    }
}
