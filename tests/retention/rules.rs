//! Which jobs go: by age, status and type, and never those that a label keeps.

use super::{days, ended, is_there, keep, keep_of, nothing};
use crate::support::{TestApp, any_job};
use callsheet::jobs::{Keep, KeepPatch, KeepRule, NewJob, RetentionRun, Then};
use chrono::TimeDelta;
use entity::JobStatus;

#[on_both]
async fn nothing_goes_by_default(t: TestApp) {
    for status in JobStatus::all() {
        t.job_in(status).await;
    }
    t.clock.advance(TimeDelta::days(3000));
    assert!(t.preview_retention().await.unwrap().counts.is_empty());
    assert_eq!(t.run_retention().await.unwrap(), RetentionRun::default());
}

#[on_both]
async fn a_job_goes_when_its_time_is_over_and_not_before(t: TestApp) {
    let rule = KeepRule {
        completed: days(30),
        ..KeepRule::default()
    };
    keep(&t, rule);
    let completed = ended(&t, "film", JobStatus::Completed).await;
    let failed = ended(&t, "film", JobStatus::Failed).await;
    t.clock
        .advance(TimeDelta::days(30) - TimeDelta::microseconds(1));
    assert_eq!(t.run_retention().await.unwrap().deleted, 0);
    t.clock.advance(TimeDelta::microseconds(1));
    assert_eq!(t.run_retention().await.unwrap().deleted, 1);
    assert!(!is_there(&t, &completed).await && is_there(&t, &failed).await);
    // It left one event, as a job that a person deletes.
    let whole = t.whole(&completed).await;
    assert_eq!((whole.kinds(), whole.items.len()), (vec!["deleted"], 0));
}

#[on_both]
async fn jobs_that_have_not_ended_stay_under_every_rule(t: TestApp) {
    keep(&t, nothing(Then::Delete));
    let kept = [
        t.job_in(JobStatus::Queued).await.id,
        t.job_in(JobStatus::Processing).await.id,
    ];
    t.clock.advance(TimeDelta::days(900));
    assert_eq!(t.run_retention().await.unwrap().deleted, 0);
    for id in kept {
        assert!(is_there(&t, &id).await);
    }
}

#[on_both]
async fn a_label_keeps_a_job(t: TestApp) {
    keep(&t, nothing(Then::Delete));
    let labelled = |value: &str| NewJob {
        labels: [("keep".to_owned(), value.to_owned())].into(),
        ..any_job()
    };
    let kept = t.create(labelled("true")).await.id;
    let other = t.create(labelled("false")).await.id;
    for id in [&kept, &other] {
        t.cancel_job(id, None, None).await.unwrap();
    }
    assert_eq!(t.preview_retention().await.unwrap().jobs(Then::Delete), 1);
    assert_eq!(t.run_retention().await.unwrap().deleted, 1);
    assert!(is_there(&t, &kept).await && !is_there(&t, &other).await);
}

#[on_both]
async fn the_rule_of_a_queue_goes_before_the_default(t: TestApp) {
    let default = KeepRule {
        completed: days(30),
        failed: days(1),
        ..KeepRule::default()
    };
    keep(&t, default);
    let patch = KeepPatch {
        completed: Some(Some(days(1))),
        failed: Some(Some(Keep::Forever)),
        ..KeepPatch::default()
    };
    let queue = keep_of(&t, "draft", patch).await.unwrap();
    assert_eq!(queue.keep.completed, Some(days(1)));
    let mut ids = Vec::new();
    for job_type in ["draft", "film"] {
        for status in [JobStatus::Completed, JobStatus::Failed] {
            ids.push(ended(&t, job_type, status).await);
        }
    }
    t.clock.advance(TimeDelta::days(2));
    assert_eq!(t.run_retention().await.unwrap().deleted, 2);
    let mut there = Vec::new();
    for id in &ids {
        there.push(is_there(&t, id).await);
    }
    assert_eq!(there, [false, true, true, false]);
    // Without its rule, the queue follows the default again.
    let patch = KeepPatch {
        completed: Some(None),
        failed: Some(None),
        ..KeepPatch::default()
    };
    let queue = keep_of(&t, "draft", patch).await.unwrap();
    assert_eq!(queue.keep, Default::default());
    assert_eq!(t.run_retention().await.unwrap().deleted, 1);
}

#[on_both]
async fn a_preview_counts_by_status_type_and_month_what_a_run_deletes(t: TestApp) {
    keep(&t, nothing(Then::Delete));
    ended(&t, "film", JobStatus::Completed).await;
    ended(&t, "film", JobStatus::Completed).await;
    ended(&t, "draft", JobStatus::Cancelled).await;
    t.clock.advance(TimeDelta::days(40));
    ended(&t, "film", JobStatus::Completed).await;
    ended(&t, "film", JobStatus::Failed).await;
    t.queued().await;
    let preview = t.preview_retention().await.unwrap();
    let counts: Vec<_> = preview
        .counts
        .iter()
        .map(|count| {
            let status = count.status.to_string();
            (
                status,
                count.job_type.clone(),
                count.month.clone(),
                count.jobs,
            )
        })
        .collect();
    let row = |status: &str, job_type: &str, month: &str, jobs| {
        (
            status.to_owned(),
            job_type.to_owned(),
            month.to_owned(),
            jobs,
        )
    };
    let expected = [
        row("completed", "film", "2026-01", 2),
        row("completed", "film", "2026-02", 1),
        row("failed", "film", "2026-02", 1),
        row("cancelled", "draft", "2026-01", 1),
    ];
    assert_eq!(counts, expected);
    let deleted = t.run_retention().await.unwrap().deleted;
    assert_eq!(deleted, preview.jobs(Then::Delete));
    assert!(t.preview_retention().await.unwrap().counts.is_empty());
}

#[on_both]
async fn jobs_to_archive_stay_where_there_is_no_archive(t: TestApp) {
    keep(&t, nothing(Then::Archive));
    let id = ended(&t, "film", JobStatus::Completed).await;
    let preview = t.preview_retention().await.unwrap();
    assert_eq!(
        (preview.jobs(Then::Archive), preview.has_archive),
        (1, false)
    );
    assert_eq!(t.run_retention().await.unwrap(), RetentionRun::default());
    assert!(is_there(&t, &id).await);
}
