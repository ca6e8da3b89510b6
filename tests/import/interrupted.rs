//! `--interrupted`: what becomes of a job that was processing when its store's process went.

use super::dump::{Dump, import_all, job};
use crate::support::TestApp;
use callsheet::import::{Interrupted, Options};
use entity::{ItemStatus, JobStatus};
use serde_json::{Value, json};

fn dump() -> Dump {
    let shots = json!([{"shot_idx": 0, "status": "completed"}, {"shot_idx": 1, "status": "generating_video"}, {"shot_idx": 2, "status": "pending"}]);
    Dump::json(&json!([
        job("a", json!({"status": "processing", "shots": shots})),
        job("b", json!({}))
    ]))
}

#[on_both]
async fn it_is_kept_failed_or_queued_as_was_said(bench: TestApp) {
    use ItemStatus::{Completed, Failed, Pending, Processing};
    let cases = [
        (Interrupted::Keep, JobStatus::Processing, Processing, None),
        (
            Interrupted::Fail,
            JobStatus::Failed,
            Failed,
            Some("interrupted_job_failed"),
        ),
        (
            Interrupted::Requeue,
            JobStatus::Queued,
            Pending,
            Some("interrupted_job_queued"),
        ),
    ];
    for (interrupted, status, item, rule) in cases {
        let bench = <TestApp as crate::support::Fixture>::set_up(bench.db.backend).await;
        let (_, told) = import_all(
            &bench,
            &Options {
                interrupted,
                ..dump().options()
            },
        )
        .await;
        let whole = bench.whole("a").await;
        let job = whole.job.unwrap();
        assert_eq!(
            (job.status, job.source_status.as_deref()),
            (status, Some("processing"))
        );
        assert_eq!(
            whole
                .items
                .iter()
                .map(|item| item.status)
                .collect::<Vec<_>>(),
            [Completed, item, Pending]
        );
        assert_eq!(job.completed_at.is_some(), status == JobStatus::Failed);
        assert_eq!(job.error_message.is_some(), status == JobStatus::Failed);
        assert_eq!(told[0].repairs.first().map(|repair| repair.rule), rule);
        assert_eq!(bench.get_job("b").await.unwrap().status, JobStatus::Queued);
        <TestApp as crate::support::Fixture>::tear_down(bench).await;
    }
}

#[on_both]
async fn nothing_else_is_touched(bench: TestApp) {
    let statuses = ["queued", "completed", "failed", "cancelled"];
    let records: Value = statuses
        .iter()
        .map(|status| job(status, json!({"status": status})))
        .collect();
    import_all(
        &bench,
        &Options {
            interrupted: Interrupted::Fail,
            ..Dump::json(&records).options()
        },
    )
    .await;
    for status in statuses {
        assert_eq!(
            bench.get_job(status).await.unwrap().status.to_string(),
            status
        );
    }
}
