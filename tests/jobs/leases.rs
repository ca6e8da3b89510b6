//! What a lease keeps others from: claiming comes later, its rules for the verbs that are there
//! hold now.

use crate::support::{TestApp, for_good, for_now};
use callsheet::jobs::{ItemReport, JobPatch, Progress};
use chrono::TimeDelta;
use entity::{ItemStatus, JobStatus};

#[on_both]
async fn only_the_holder_of_the_lease_reports(t: TestApp) {
    let id = t.leased().await.id;
    let report = Progress {
        progress: Some(5.0),
        current_stage: None,
    };
    t.refused(&id, "lease_lost", t.update_progress(&id, report, None))
        .await;
    t.refused(&id, "lease_lost", t.update_shots(&id, Some(2), None, None))
        .await;
    let item = ItemReport {
        key: Some("a".into()),
        idx: None,
        status: ItemStatus::Failed,
        result: None,
        error: None,
    };
    t.refused(&id, "lease_lost", t.report_items(&id, vec![item], None))
        .await;
    t.refused(&id, "lease_lost", t.mark_completed(&id, None, None))
        .await;
    t.refused(&id, "lease_lost", t.mark_failed(&id, for_now("busy"), None))
        .await;
    t.refused(
        &id,
        "lease_lost",
        t.mark_failed(&id, for_good("broken"), None),
    )
    .await;
    let progress = JobPatch {
        progress: Some(5.0),
        ..Default::default()
    };
    t.refused(&id, "lease_lost", t.update_job(&id, progress, None))
        .await;
    for status in [JobStatus::Completed, JobStatus::Failed] {
        let patch = JobPatch {
            status: Some(status),
            ..Default::default()
        };
        t.refused(&id, "lease_lost", t.update_job(&id, patch, None))
            .await;
    }
}

#[on_both]
async fn a_leased_job_is_flagged_and_its_worker_has_to_let_go(t: TestApp) {
    let leased = t.leased().await;
    let now = t.clock.advance(TimeDelta::seconds(1));
    let job = t.cancel_job(&leased.id, None, None).await.unwrap();
    assert_eq!(
        (job.status, job.cancel_requested_at),
        (JobStatus::Processing, Some(now))
    );
    assert_eq!(job.lease_token, leased.lease_token);
    assert_eq!(
        t.whole(&leased.id).await.kinds(),
        ["created", "started", "cancel_requested"]
    );
}

#[on_both]
async fn asking_again_to_cancel_changes_nothing(t: TestApp) {
    let id = t.leased().await.id;
    t.cancel_job(&id, None, None).await.unwrap();
    let before = t.whole(&id).await;
    t.clock.advance(TimeDelta::seconds(1));
    let again = t.cancel_job(&id, Some("now".into()), None).await.unwrap();
    assert_eq!(Some(again), before.job);
    assert_eq!(t.whole(&id).await, before);
}

#[on_both]
async fn a_patch_that_cancels_a_flagged_job_still_writes_its_other_fields(t: TestApp) {
    let id = t.leased().await.id;
    t.cancel_job(&id, None, None).await.unwrap();
    let patch = JobPatch {
        status: Some(JobStatus::Cancelled),
        style: Some(Some("Noir".into())),
        ..Default::default()
    };
    let job = t.update_job(&id, patch, None).await.unwrap();
    assert_eq!(
        (job.status, job.style.as_deref()),
        (JobStatus::Processing, Some("Noir"))
    );
    t.whole(&id).await.assert_history_is_whole();
}

#[on_both]
async fn a_leased_job_is_retried_only_when_the_lease_has_run_out(t: TestApp) {
    let leased = t.leased().await;
    t.clock
        .set(leased.lease_expires_at.unwrap() - TimeDelta::microseconds(1));
    t.refused(
        &leased.id,
        "job_transition_illegal",
        t.retry_job(&leased.id, None),
    )
    .await;
    t.clock.set(leased.lease_expires_at.unwrap());
    let job = t.retry_job(&leased.id, None).await.unwrap();
    assert_eq!(
        (job.status, job.lease_token, job.lease_expires_at),
        (JobStatus::Queued, None, None)
    );
    assert_eq!((job.worker_id, job.cancel_requested_at), (None, None));
}
