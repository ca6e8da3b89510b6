//! The table of transitions, each cell of it: what is allowed leads where it says, what is refused
//! changes nothing.

use crate::support::{TestApp, code_of, for_good, for_now};
use callsheet::{
    error::Result,
    jobs::{ItemReport, JobPatch, Progress},
};
use entity::{ItemStatus, JobStatus, JobStatus::*, job};
use sea_orm::Iterable;

const ILLEGAL: &str = "job_transition_illegal";
const NOT_RUNNING: &str = "job_not_processing";

#[derive(Clone, Copy, Debug)]
enum Call {
    Start,
    Complete,
    FailForNow,
    FailForGood,
    Cancel,
    Retry,
    ReportProgress,
    ReportShots,
    ReportItems,
    Patch(JobStatus),
}

/// For each call what becomes of a job that is queued, processing, completed, failed, cancelled.
const TABLE: [(Call, [Result<JobStatus, &str>; 5]); 14] = [
    (
        Call::Start,
        [
            Ok(Processing),
            Err(ILLEGAL),
            Err(ILLEGAL),
            Err(ILLEGAL),
            Err(ILLEGAL),
        ],
    ),
    (
        Call::Complete,
        [
            Err(ILLEGAL),
            Ok(Completed),
            Err(ILLEGAL),
            Err(ILLEGAL),
            Err(ILLEGAL),
        ],
    ),
    (
        Call::FailForNow,
        [
            Err(ILLEGAL),
            Ok(Queued),
            Err(ILLEGAL),
            Err(ILLEGAL),
            Err(ILLEGAL),
        ],
    ),
    (
        Call::FailForGood,
        [
            Err(ILLEGAL),
            Ok(Failed),
            Err(ILLEGAL),
            Err(ILLEGAL),
            Err(ILLEGAL),
        ],
    ),
    (
        Call::Cancel,
        [
            Ok(Cancelled),
            Ok(Cancelled),
            Err(ILLEGAL),
            Err(ILLEGAL),
            Err(ILLEGAL),
        ],
    ),
    (
        Call::Retry,
        [
            Err(ILLEGAL),
            Err(ILLEGAL),
            Err(ILLEGAL),
            Ok(Queued),
            Ok(Queued),
        ],
    ),
    (
        Call::ReportProgress,
        [
            Err(NOT_RUNNING),
            Ok(Processing),
            Err(NOT_RUNNING),
            Err(NOT_RUNNING),
            Err(NOT_RUNNING),
        ],
    ),
    (
        Call::ReportShots,
        [
            Err(NOT_RUNNING),
            Ok(Processing),
            Ok(Completed),
            Ok(Failed),
            Ok(Cancelled),
        ],
    ),
    (
        Call::ReportItems,
        [
            Err(NOT_RUNNING),
            Ok(Processing),
            Err(NOT_RUNNING),
            Err(NOT_RUNNING),
            Err(NOT_RUNNING),
        ],
    ),
    (
        Call::Patch(Queued),
        [
            Ok(Queued),
            Err(ILLEGAL),
            Err(ILLEGAL),
            Ok(Queued),
            Ok(Queued),
        ],
    ),
    (
        Call::Patch(Processing),
        [
            Ok(Processing),
            Ok(Processing),
            Err(ILLEGAL),
            Err(ILLEGAL),
            Err(ILLEGAL),
        ],
    ),
    (
        Call::Patch(Completed),
        [
            Err(ILLEGAL),
            Ok(Completed),
            Ok(Completed),
            Err(ILLEGAL),
            Err(ILLEGAL),
        ],
    ),
    (
        Call::Patch(Failed),
        [
            Err(ILLEGAL),
            Ok(Failed),
            Err(ILLEGAL),
            Ok(Failed),
            Err(ILLEGAL),
        ],
    ),
    (
        Call::Patch(Cancelled),
        [
            Ok(Cancelled),
            Ok(Cancelled),
            Err(ILLEGAL),
            Err(ILLEGAL),
            Ok(Cancelled),
        ],
    ),
];

async fn make(t: &TestApp, call: Call, id: &str) -> Result<job::Model> {
    let item = || ItemReport {
        key: Some("a".into()),
        idx: None,
        status: ItemStatus::Completed,
        result: None,
        error: None,
    };
    match call {
        Call::Start => t.start_job(id, None, None).await,
        Call::Complete => t.mark_completed(id, None, None).await,
        Call::FailForNow => t.mark_failed(id, for_now("busy"), None).await,
        Call::FailForGood => t.mark_failed(id, for_good("broken"), None).await,
        Call::Cancel => t.cancel_job(id, None, None).await,
        Call::Retry => t.retry_job(id, None).await,
        Call::ReportProgress => {
            t.update_progress(
                id,
                Progress {
                    progress: Some(1.0),
                    current_stage: None,
                },
                None,
            )
            .await
        }
        Call::ReportShots => t.update_shots(id, Some(4), Some(1), None).await,
        Call::ReportItems => t.report_items(id, vec![item()], None).await,
        Call::Patch(status) => {
            t.update_job(
                id,
                JobPatch {
                    status: Some(status),
                    ..Default::default()
                },
                None,
            )
            .await
        }
    }
}

#[on_both]
async fn every_cell_of_the_table_of_transitions_holds(t: TestApp) {
    for (call, row) in TABLE {
        for (from, expected) in JobStatus::iter().zip(row) {
            let id = t.job_in(from).await.id;
            let before = t.whole(&id).await;
            let outcome = make(&t, call, &id).await;
            let after = t.whole(&id).await;
            match expected {
                Ok(to) => {
                    let job = outcome.unwrap_or_else(|e| panic!("{call:?} from {from}: {e}"));
                    assert_eq!(job.status, to, "{call:?} from {from}");
                    assert_eq!(
                        after.job,
                        Some(job),
                        "{call:?} from {from}: the answer is not the row"
                    );
                    after.assert_history_is_whole();
                }
                Err(code) => {
                    assert_eq!(code_of(&outcome), code, "{call:?} from {from}");
                    assert_eq!(
                        after, before,
                        "{call:?} from {from} was refused and changed something"
                    );
                }
            }
        }
    }
}

#[on_both]
async fn whatever_happens_a_terminal_status_has_a_time_of_completion_and_no_other_has(t: TestApp) {
    for status in JobStatus::iter() {
        let job = t.job_in(status).await;
        let ended = matches!(status, Completed | Failed | Cancelled);
        assert_eq!(job.completed_at.is_some(), ended, "{status}");
    }
}

#[on_both]
async fn a_refusal_says_what_can_be_done_instead(t: TestApp) {
    let id = t.queued().await.id;
    let error = t
        .refused(&id, ILLEGAL, t.mark_completed(&id, None, None))
        .await;
    assert_eq!(
        error.to_string(),
        "A job that is queued cannot be completed: it can be started or cancelled."
    );
}
