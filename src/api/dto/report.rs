//! Bodies that tell what happens to a job.

use super::{Object, item::ItemStatus};
use crate::jobs;
use poem_openapi::Object as ObjectShape;
use serde_json::Value;

/// How far a job is. At least one of the two.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct ReportProgress {
    /// Percent.
    #[oai(validator(minimum(value = "0"), maximum(value = "100")))]
    pub progress: Option<f64>,
    /// What is being done.
    #[oai(validator(max_length = 255))]
    pub current_stage: Option<String>,
    /// Token of the lease, where the job is held under one.
    pub lease_token: Option<String>,
}

/// How many shots there are and are done. At least one of the two.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct ReportShots {
    #[oai(validator(minimum(value = "0"), maximum(value = "2147483647")))]
    pub total_shots: Option<i32>,
    /// At most total_shots.
    #[oai(validator(minimum(value = "0"), maximum(value = "2147483647")))]
    pub completed_shots: Option<i32>,
    /// Token of the lease, where the job is held under one.
    pub lease_token: Option<String>,
}

/// Who starts a job.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct StartJob {
    /// 1 to 200 visible characters.
    #[oai(validator(min_length = 1, max_length = 200))]
    pub worker_id: Option<String>,
    /// Hold the job under a lease that ends so many seconds from now unless a heartbeat extends it; its token comes in the
    /// header Lease-Token. Without a lease nobody notices if the caller is gone.
    #[oai(validator(minimum(value = "1"), maximum(value = "86400")))]
    pub lease_seconds: Option<u32>,
}

/// What came out of a job.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct CompleteJob {
    /// Whatever clients are to find, e.g. `video_path`.
    pub result: Option<Object>,
    /// Token of the lease, where the job is held under one.
    pub lease_token: Option<String>,
}

/// Why a job failed.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct FailJob {
    /// What went wrong.
    pub error: String,
    /// False when another attempt would not help; true when left out.
    pub retryable: Option<bool>,
    /// Seconds until the next attempt; exponential backoff when left out.
    #[oai(validator(minimum(value = "0"), maximum(value = "604800")))]
    pub retry_after_seconds: Option<u32>,
    /// Token of the lease, where the job is held under one.
    pub lease_token: Option<String>,
}

/// Why a job is not wanted any more.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct CancelJob {
    #[oai(validator(max_length = 1000))]
    pub reason: Option<String>,
}

/// What became of items.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct ReportItems {
    #[oai(validator(min_items = 1, max_items = 1000))]
    pub items: Vec<ItemReport>,
    /// Token of the lease, where the job is held under one.
    pub lease_token: Option<String>,
}

/// What became of one item, named by its key, or by its position where keys repeat. A new key makes a new item.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct ItemReport {
    #[oai(validator(min_length = 1, max_length = 255))]
    pub key: Option<String>,
    #[oai(validator(minimum(value = "0"), maximum(value = "2147483647")))]
    pub idx: Option<i32>,
    pub status: ItemStatus,
    /// What came out; what was reported before stays when left out.
    pub result: Option<Value>,
    /// Why it failed.
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

/// New descriptions of a shot; what is left out or null stays.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct EditShot {
    pub visual_desc: Option<String>,
    pub motion_desc: Option<String>,
    pub audio_desc: Option<String>,
}

impl From<EditShot> for jobs::ShotEdit {
    fn from(edit: EditShot) -> Self {
        Self { visual_desc: edit.visual_desc, motion_desc: edit.motion_desc, audio_desc: edit.audio_desc }
    }
}
