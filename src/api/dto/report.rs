//! Requests that report the progress and the outcome of a job.

use super::{Object, item::ItemStatus};
use crate::jobs;
use poem_openapi::Object as ObjectShape;
use serde_json::Value;

/// Progress of a job. At least one of `progress` and `current_stage` is required.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct ReportProgress {
    /// Progress in percent, 0 to 100.
    #[oai(validator(minimum(value = "0"), maximum(value = "100")))]
    pub progress: Option<f64>,
    /// Current stage of the work.
    #[oai(validator(max_length = 255))]
    pub current_stage: Option<String>,
    /// Token of the lease, if the job has one.
    pub lease_token: Option<String>,
}

/// Counts of a job's shots. At least one of the two is required.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct ReportShots {
    /// Number of shots.
    #[oai(validator(minimum(value = "0"), maximum(value = "2147483647")))]
    pub total_shots: Option<i32>,
    /// Number of completed shots, at most `total_shots`.
    #[oai(validator(minimum(value = "0"), maximum(value = "2147483647")))]
    pub completed_shots: Option<i32>,
    /// Token of the lease, if the job has one.
    pub lease_token: Option<String>,
}

/// Caller that starts a job, and the lease that it asks for.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct StartJob {
    /// Name of the worker, 1 to 200 visible characters.
    #[oai(validator(min_length = 1, max_length = 200))]
    pub worker_id: Option<String>,
    /// Length of the lease in seconds, unless a heartbeat extends it; the response has its token in
    /// `lease_token` and in the header `Lease-Token`. Without a lease the server does not notice
    /// when the caller is gone.
    #[oai(validator(minimum(value = "1"), maximum(value = "86400")))]
    pub lease_seconds: Option<u32>,
}

/// Result of a completed job.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct CompleteJob {
    /// Result for clients, e.g. `video_path`.
    pub result: Option<Object>,
    /// Token of the lease, if the job has one.
    pub lease_token: Option<String>,
}

/// Failure of a job's attempt.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct FailJob {
    /// Error of the attempt.
    pub error: String,
    /// Whether another attempt may help; true by default.
    pub retryable: Option<bool>,
    /// Seconds until the next attempt; exponential backoff by default.
    #[oai(validator(minimum(value = "0"), maximum(value = "604800")))]
    pub retry_after_seconds: Option<u32>,
    /// Token of the lease, if the job has one.
    pub lease_token: Option<String>,
}

/// Reason for cancelling a job.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct CancelJob {
    /// Reason of the cancel, recorded in the job's history.
    #[oai(validator(max_length = 1000))]
    pub reason: Option<String>,
}

/// Reports on items of a job.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct ReportItems {
    /// Reports on items.
    #[oai(validator(min_items = 1, max_items = 1000))]
    pub items: Vec<ItemReport>,
    /// Token of the lease, if the job has one.
    pub lease_token: Option<String>,
}

/// Report on one item, named by its key, or by its position if several items have the same key. A
/// new key creates an item.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct ItemReport {
    /// Name of the item.
    #[oai(validator(min_length = 1, max_length = 255))]
    pub key: Option<String>,
    /// Position of the item in the job, from 0.
    #[oai(validator(minimum(value = "0"), maximum(value = "2147483647")))]
    pub idx: Option<i32>,
    /// New status of the item.
    pub status: ItemStatus,
    /// Result of the item; a missing one keeps the result reported before.
    pub result: Option<Value>,
    /// Error of a failed item.
    pub error: Option<String>,
}

impl From<ItemReport> for jobs::ItemReport {
    fn from(report: ItemReport) -> Self {
        Self {
            key: report.key,
            idx: report.idx,
            status: report.status.into(),
            result: report.result,
            error: report.error,
        }
    }
}

/// New descriptions of a shot; a missing or null field keeps its value. Unknown fields are ignored.
#[derive(Debug, ObjectShape)]
pub struct EditShot {
    /// New description of the picture.
    pub visual_desc: Option<String>,
    /// New description of the movement.
    pub motion_desc: Option<String>,
    /// New description of the sound.
    pub audio_desc: Option<String>,
}

impl From<EditShot> for jobs::ShotEdit {
    fn from(edit: EditShot) -> Self {
        Self {
            visual_desc: edit.visual_desc,
            motion_desc: edit.motion_desc,
            audio_desc: edit.audio_desc,
        }
    }
}
