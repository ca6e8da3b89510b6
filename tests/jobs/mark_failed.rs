//! mark_failed: attempts and the wait before the next.

use crate::support::{TestApp, any_job, for_good, for_now, pointers};
use callsheet::jobs::{Failure, NewJob};
use chrono::TimeDelta;
use entity::JobStatus;
use serde_json::json;

#[on_both]
async fn a_failure_waits_between_half_and_the_whole_of_its_step(t: TestApp) {
    for (jitter, waits) in [
        (0.0, [2_500, 5_000, 10_000]),
        (1.0, [5_000, 10_000, 20_000]),
    ] {
        t.chance.set_jitter(jitter);
        let id = t
            .create(NewJob {
                max_attempts: Some(4),
                ..any_job()
            })
            .await
            .id;
        for (attempt, wait) in (1..).zip(waits) {
            t.start(&id).await;
            let now = t.clock.advance(TimeDelta::seconds(1));
            let job = t
                .mark_failed(&id, for_now("out of memory"), None)
                .await
                .unwrap();
            assert_eq!((job.status, job.attempt), (JobStatus::Queued, attempt));
            assert_eq!(
                job.run_at,
                Some(now + TimeDelta::milliseconds(wait)),
                "attempt {attempt}, jitter {jitter}"
            );
            assert_eq!(job.error_message.as_deref(), Some("out of memory"));
        }
    }
}

#[on_both]
async fn the_last_attempt_fails_for_good(t: TestApp) {
    let id = t
        .create(NewJob {
            max_attempts: Some(2),
            ..any_job()
        })
        .await
        .id;
    t.start(&id).await;
    t.mark_failed(&id, for_now("first"), None).await.unwrap();
    t.start(&id).await;
    let now = t.clock.advance(TimeDelta::seconds(3));
    let job = t.mark_failed(&id, for_now("second"), None).await.unwrap();
    assert_eq!(
        (job.status, job.attempt, job.completed_at),
        (JobStatus::Failed, 2, Some(now))
    );
    assert_eq!(job.error_message.as_deref(), Some("second"));
    let whole = t.whole(&id).await;
    assert_eq!(
        whole.kinds(),
        ["created", "started", "retry_scheduled", "started", "failed"]
    );
    assert_eq!(
        whole.events[4].data,
        Some(json!({"error": "second", "attempt": 2}))
    );
    whole.assert_history_is_whole();
}

#[on_both]
async fn an_error_that_no_attempt_mends_fails_at_once(t: TestApp) {
    let id = t.started().await.id;
    let job = t
        .mark_failed(&id, for_good("no such model"), None)
        .await
        .unwrap();
    assert_eq!(
        (job.status, job.attempt, job.max_attempts),
        (JobStatus::Failed, 1, 3)
    );
}

#[on_both]
async fn a_worker_may_say_how_long_to_wait(t: TestApp) {
    let id = t.started().await.id;
    let failure = Failure {
        retry_after_seconds: Some(90),
        ..for_now("quota")
    };
    let job = t.mark_failed(&id, failure, None).await.unwrap();
    assert_eq!(job.run_at, Some(t.now() + TimeDelta::seconds(90)));
    t.start(&id).await;
    let week = 7 * 24 * 60 * 60;
    let too_long = Failure {
        retry_after_seconds: Some(week + 1),
        ..for_now("quota")
    };
    let error = t
        .refused(&id, "invalid_request", t.mark_failed(&id, too_long, None))
        .await;
    assert_eq!(pointers(&error), ["/retry_after_seconds out_of_range"]);
}

#[on_both]
async fn a_job_that_goes_back_to_the_queue_begins_anew_but_for_its_history(t: TestApp) {
    let id = t.started().await.id;
    t.update_shots(&id, Some(4), Some(3), None).await.unwrap();
    let job = t.mark_failed(&id, for_now("busy"), None).await.unwrap();
    assert_eq!(
        (job.progress, job.total_shots, job.completed_shots),
        (0.0, 4, 0)
    );
    assert_eq!(
        (job.worker_id, job.current_stage, job.completed_at),
        (None, None, None)
    );
}

#[on_both]
async fn a_job_that_fails_for_good_keeps_its_progress(t: TestApp) {
    let id = t.started().await.id;
    t.update_shots(&id, Some(4), Some(3), None).await.unwrap();
    let job = t.mark_failed(&id, for_good("broken"), None).await.unwrap();
    assert_eq!(
        (job.progress, job.total_shots, job.completed_shots),
        (75.0, 4, 3)
    );
}

#[on_both]
async fn an_error_with_a_nul_is_refused(t: TestApp) {
    let id = t.started().await.id;
    let error = t
        .refused(
            &id,
            "invalid_request",
            t.mark_failed(&id, for_now("a\0b"), None),
        )
        .await;
    assert_eq!(pointers(&error), ["/error nul_character"]);
}
