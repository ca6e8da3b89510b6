//! retry_job.

use crate::support::{TestApp, any_job, for_good, for_now};
use callsheet::{
    jobs::{JobPatch, NewJob, Progress},
    lifecycle::STALE_AFTER,
};
use chrono::TimeDelta;
use entity::JobStatus;
use serde_json::json;

#[on_both]
async fn a_retried_job_is_as_new_but_for_its_attempts_and_first_start(t: TestApp) {
    let started = t.started().await;
    let id = &started.id;
    t.update_progress(
        id,
        Progress {
            progress: Some(30.0),
            current_stage: Some("Rendering".into()),
        },
        None,
    )
    .await
    .unwrap();
    t.mark_failed(id, for_good("broken"), None).await.unwrap();
    t.clock.advance(TimeDelta::seconds(1));
    let job = t.retry_job(id, None).await.unwrap();
    assert_eq!(
        (job.status, job.progress, job.current_stage),
        (JobStatus::Queued, 0.0, None)
    );
    assert_eq!(
        (
            job.error_message,
            job.result_data,
            job.run_at,
            job.completed_at
        ),
        (None, None, None, None)
    );
    assert_eq!((job.attempt, job.started_at), (1, started.started_at));
}

#[on_both]
async fn a_retry_clears_the_result_of_the_attempt_before(t: TestApp) {
    let id = t.started().await.id;
    let result = super::mark_completed::object(json!({"half": true}));
    t.update_job(
        &id,
        JobPatch {
            result: Some(Some(result)),
            ..Default::default()
        },
        None,
    )
    .await
    .unwrap();
    t.cancel_job(&id, None, None).await.unwrap();
    assert_eq!(t.retry_job(&id, None).await.unwrap().result_data, None);
}

#[on_both]
async fn a_job_whose_attempts_are_spent_gets_one_more(t: TestApp) {
    let id = t
        .create(NewJob {
            max_attempts: Some(1),
            ..any_job()
        })
        .await
        .id;
    t.start(&id).await;
    t.mark_failed(&id, for_now("busy"), None).await.unwrap();
    let job = t.retry_job(&id, None).await.unwrap();
    assert_eq!((job.attempt, job.max_attempts), (1, 2));
    t.start(&id).await;
    let job = t.mark_failed(&id, for_now("busy"), None).await.unwrap();
    assert_eq!((job.status, job.attempt), (JobStatus::Failed, 2));
}

#[on_both]
async fn a_job_can_be_retried_more_often_than_attempts_can_be_asked_for(t: TestApp) {
    let id = t
        .create(NewJob {
            max_attempts: Some(100),
            ..any_job()
        })
        .await
        .id;
    for _ in 0..101 {
        t.start(&id).await;
        t.mark_failed(&id, for_good("broken"), None).await.unwrap();
        t.retry_job(&id, None).await.unwrap();
    }
    assert_eq!(t.start(&id).await.attempt, 102);
}

#[on_both]
async fn a_processing_job_is_retried_when_nobody_reported_for_a_while(t: TestApp) {
    let job = t.started().await;
    t.clock
        .set(job.updated_at + STALE_AFTER - TimeDelta::microseconds(1));
    t.refused(
        &job.id,
        "job_transition_illegal",
        t.retry_job(&job.id, None),
    )
    .await;
    t.clock.set(job.updated_at + STALE_AFTER);
    let job = t.retry_job(&job.id, None).await.unwrap();
    assert_eq!(job.status, JobStatus::Queued);
}

#[on_both]
async fn a_report_shows_that_the_process_lives(t: TestApp) {
    let id = t.started().await.id;
    t.clock.advance(STALE_AFTER - TimeDelta::seconds(1));
    t.update_progress(
        &id,
        Progress {
            progress: Some(2.0),
            current_stage: None,
        },
        None,
    )
    .await
    .unwrap();
    t.clock.advance(TimeDelta::seconds(1));
    t.refused(&id, "job_transition_illegal", t.retry_job(&id, None))
        .await;
}
