//! Heartbeats of workers, and their answers.

use super::{Time, report::ItemReport};
use crate::jobs::{self, HeartbeatReply, Progress};
use poem_openapi::Object;

/// A heartbeat of a worker that runs a job, with an optional report.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct SendHeartbeat {
    /// Token of the lease. A program that calls with the token of its job sends that here too.
    pub lease_token: String,
    /// Seconds from now until the lease expires; by default the lease is extended to at least 60
    /// seconds from now.
    #[oai(validator(minimum(value = "1"), maximum(value = "86400")))]
    pub lease_seconds: Option<u32>,
    /// Progress in percent, 0 to 100.
    #[oai(validator(minimum(value = "0"), maximum(value = "100")))]
    pub progress: Option<f64>,
    /// Current stage of the work.
    #[oai(validator(max_length = 255))]
    pub current_stage: Option<String>,
    /// Number of shots.
    #[oai(validator(minimum(value = "0"), maximum(value = "2147483647")))]
    pub total_shots: Option<i32>,
    /// Number of completed shots, at most `total_shots`.
    #[oai(validator(minimum(value = "0"), maximum(value = "2147483647")))]
    pub completed_shots: Option<i32>,
    /// Reports on items of the job.
    #[oai(validator(max_items = 1000))]
    pub items: Option<Vec<ItemReport>>,
    /// Lines for the job's history, each at most 2,000 characters. All lines of one call become one
    /// event.
    #[oai(validator(max_items = 100))]
    pub log: Option<Vec<String>>,
}

impl From<SendHeartbeat> for jobs::Heartbeat {
    fn from(beat: SendHeartbeat) -> Self {
        Self {
            lease_seconds: beat.lease_seconds,
            progress: Progress {
                progress: beat.progress,
                current_stage: beat.current_stage,
            },
            total_shots: beat.total_shots,
            completed_shots: beat.completed_shots,
            items: beat
                .items
                .unwrap_or_default()
                .into_iter()
                .map(Into::into)
                .collect(),
            log: beat.log.unwrap_or_default(),
        }
    }
}

/// Response to a heartbeat.
#[derive(Debug, Object)]
pub struct HeartbeatAnswer {
    /// Time when the lease expires, unless the worker sends another heartbeat before.
    pub lease_expires_at: Time,
    /// Whether cancelling was requested. The worker then has to stop and fail or release the job,
    /// which ends as cancelled.
    pub cancel_requested: bool,
    /// Version of the job.
    pub version: i64,
}

impl From<HeartbeatReply> for HeartbeatAnswer {
    fn from(beat: HeartbeatReply) -> Self {
        Self {
            lease_expires_at: beat.lease_expires_at.into(),
            cancel_requested: beat.cancel_requested,
            version: beat.version,
        }
    }
}
