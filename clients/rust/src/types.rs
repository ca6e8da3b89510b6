//! Shapes of the API, with the names and the meaning that the OpenAPI document gives them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Status of a job.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    Queued,
    Processing,
    Completed,
    Failed,
    Cancelled,
}

impl JobStatus {
    /// Returns whether the job has ended.
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Status of an item.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemStatus {
    #[default]
    Pending,
    Processing,
    Completed,
    Failed,
    Skipped,
}

impl ItemStatus {
    /// Returns whether nothing is left to do for the item.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Completed | Self::Skipped)
    }
}

/// A job as the server shows it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Job {
    pub job_id: String,
    /// Type of the job, e.g. `idea2video`. Each type is a queue.
    pub job_type: String,
    pub status: JobStatus,
    /// Version of the job, the number in its `ETag`. It grows by one with each change.
    pub version: i64,
    /// Priority, -100 to 100; workers get jobs with a higher priority first.
    pub priority: i16,
    /// Number of times the job was started.
    pub attempt: i32,
    /// Maximum number of attempts; a failure of the last one is final.
    pub max_attempts: i32,
    /// Maximum seconds of an attempt; `None` for the setting of the queue.
    pub max_run_seconds: Option<i32>,
    /// Number of holds; while there is one, no worker gets the job.
    pub holds: i32,
    /// Progress in percent, 0 to 100.
    pub progress: f64,
    pub current_stage: Option<String>,
    /// Number of shots, as far as it is known.
    pub total_shots: i32,
    pub completed_shots: i32,
    /// The idea or script.
    pub content: Option<String>,
    /// Mode of the input, `idea` or `script`, if known.
    pub mode: Option<String>,
    pub style: Option<String>,
    pub user_requirement: Option<String>,
    pub project_title: Option<String>,
    /// Original request of the client.
    pub request_data: Option<Map<String, Value>>,
    /// Data that the creator stores with the job.
    pub context: Option<Map<String, Value>>,
    pub labels: BTreeMap<String, String>,
    /// Result of the job. `video_path` and `final_video_path` always have the same value.
    pub result: Option<Map<String, Value>>,
    /// Error of the job, or of its last attempt.
    pub error: Option<String>,
    pub series_id: Option<String>,
    pub episode_id: Option<String>,
    /// Folder of the job's files.
    pub working_dir: Option<String>,
    /// Worker that runs the job, or ran it last.
    pub worker_id: Option<String>,
    /// Id of the key that created the job; `None` if nothing authenticated.
    pub created_by: Option<String>,
    /// URL that is sent the messages about the job, without its query.
    pub webhook: Option<JobWebhook>,
    /// Older store from which the job was imported, and its status there.
    pub source: Option<String>,
    pub source_status: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Time before which no worker may start the job.
    pub run_at: Option<DateTime<Utc>>,
    /// Time of the first start.
    pub started_at: Option<DateTime<Utc>>,
    /// Time when the job ended.
    pub completed_at: Option<DateTime<Utc>>,
    /// Time when cancelling was requested.
    pub cancel_requested_at: Option<DateTime<Utc>>,
    /// Time when the worker's lease expires.
    pub lease_expires_at: Option<DateTime<Utc>>,
    /// Time of the last heartbeat or report of the worker that runs the job.
    pub last_heard_at: Option<DateTime<Utc>>,
    /// Time when the running attempt reaches its maximum duration.
    pub run_until: Option<DateTime<Utc>>,
}

/// Part of a job, e.g. a shot.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Item {
    /// Name of the item, unique in the job.
    pub key: String,
    /// Position in the job, from 0.
    pub idx: i32,
    pub status: ItemStatus,
    /// Attempt of the job that last reported on the item; 0 before the first report.
    pub attempt: i32,
    /// Input of the item, given by the creator.
    pub input: Value,
    /// Result of the item; null before there is one.
    pub result: Value,
    pub error: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
}

/// A job as lists show it.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct ListedJob {
    #[serde(flatten)]
    pub job: Job,
    pub poster_path: Option<String>,
    pub newest_clip_path: Option<String>,
    pub newest_frame_path: Option<String>,
}

/// A page of jobs.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct JobList {
    pub jobs: Vec<ListedJob>,
    pub has_more: bool,
    /// Keyset cursor of the next page; `None` on the last page.
    pub next_cursor: Option<String>,
}

/// A page of items.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct ItemList {
    pub items: Vec<Item>,
    pub has_more: bool,
    /// Keyset cursor of the next page; `None` on the last page.
    pub next_cursor: Option<String>,
}

/// Who runs a new job.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunBy {
    Workers,
    /// The caller runs it: no worker gets the job until somebody retries, recovers or releases it.
    Creator,
}

/// An item of a new job.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct NewItem {
    pub key: String,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub input: Value,
}

/// URL that is sent the messages about a job.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct JobWebhook {
    pub url: String,
    /// Kinds of messages, such as `job.completed`; empty for the ends of the job.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
}

/// A job to create. What is `None` has the default of the server.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct NewJob {
    pub job_type: String,
    /// Id of the job; the server generates one by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub style: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_requirement: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_data: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<Map<String, Value>>,
    /// At most 16 pairs of key and value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
    /// URL that is sent the messages about the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<JobWebhook>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<NewItem>>,
    /// Priority, -100 to 100; 0 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<i16>,
    /// Maximum number of attempts; 3 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<i32>,
    /// Maximum seconds of an attempt; by default, the setting of the queue applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_run_seconds: Option<i32>,
    /// Time before which no worker may start the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunBy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub series_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub episode_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_dir: Option<String>,
    /// Client that lists the job as active until it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
}

impl NewJob {
    /// Returns a job of the type, with the default of everything else.
    pub fn new(job_type: impl Into<String>) -> Self {
        Self {
            job_type: job_type.into(),
            ..Self::default()
        }
    }
}

/// Returns a job as the server writes it.
#[cfg(test)]
pub(crate) fn example() -> Value {
    serde_json::json!({
        "job_id": "film", "job_type": "render", "status": "processing", "version": 2, "priority": 0,
        "attempt": 1, "max_attempts": 3, "holds": 0, "progress": 0.0, "total_shots": 0,
        "completed_shots": 0, "labels": {}, "created_at": "2026-03-10T02:00:00Z",
        "updated_at": "2026-03-10T02:00:00Z"
    })
}
