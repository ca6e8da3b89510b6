//! `video_generation_jobs`: one row per job.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// Status of a job. `callsheet::lifecycle` holds the permitted transitions.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(50))")]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// Waiting for a worker.
    #[sea_orm(string_value = "queued")]
    Queued,
    /// Running an attempt.
    #[sea_orm(string_value = "processing")]
    Processing,
    /// Ended with a result.
    #[sea_orm(string_value = "completed")]
    Completed,
    /// Ended with an error.
    #[sea_orm(string_value = "failed")]
    Failed,
    /// Ended by a request to cancel.
    #[sea_orm(string_value = "cancelled")]
    Cancelled,
}

impl JobStatus {
    /// Returns every status, in the order of a job's life.
    pub fn all() -> impl Iterator<Item = Self> {
        <Self as sea_orm::Iterable>::iter()
    }
}

impl std::fmt::Display for JobStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_value())
    }
}

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "video_generation_jobs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub job_type: String,
    pub mode: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub content: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub user_requirement: Option<String>,
    pub style: Option<String>,
    pub project_title: Option<String>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub request_data: Option<Json>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub context: Option<Json>,
    pub working_dir: Option<String>,
    pub episode_id: Option<String>,
    pub series_id: Option<String>,
    /// Priority from -100 to 100; higher runs first.
    pub priority: i16,
    /// Time before which the job must not be claimed.
    pub run_at: Option<DateTimeUtc>,
    pub max_attempts: i32,
    /// Labels: up to 16 pairs of strings.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub labels: Option<Json>,
    pub idempotency_key: Option<String>,
    /// SHA-256 of the request that came with the idempotency key, in hex.
    pub idempotency_fingerprint: Option<String>,
    /// Older store from which the job was imported.
    pub source: Option<String>,
    /// Original status in that store.
    pub source_status: Option<String>,
    /// Maximum seconds of an attempt; null for the setting of the queue.
    pub max_run_seconds: Option<i32>,
    /// URL that is sent the job's messages, with their kinds; null for none.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub webhook: Option<Json>,
    pub status: JobStatus,
    /// Progress in percent, 0 to 100.
    pub progress: f64,
    pub current_stage: Option<String>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub result_data: Option<Json>,
    #[sea_orm(column_type = "Text", nullable)]
    pub error_message: Option<String>,
    pub total_shots: i32,
    pub completed_shots: i32,
    pub created_at: DateTimeUtc,
    /// Key that created the job; null if nothing authenticated.
    pub created_by: Option<String>,
    pub updated_at: DateTimeUtc,
    /// Time of the first start, set once.
    pub started_at: Option<DateTimeUtc>,
    /// Time when the job ended; set on entering a terminal status, cleared on leaving it.
    pub completed_at: Option<DateTimeUtc>,
    /// Number of attempts so far.
    pub attempt: i32,
    pub worker_id: Option<String>,
    pub lease_token: Option<String>,
    pub lease_expires_at: Option<DateTimeUtc>,
    pub cancel_requested_at: Option<DateTimeUtc>,
    /// Version of the job, which grows by one with each change. It is the ETag, and the `seq` of
    /// the event that records the change.
    pub version: i64,
    /// Time when the job entered its current status; null if unknown, as for imported jobs.
    pub status_since: Option<DateTimeUtc>,
    /// Lease token under which a worker ended the last attempt, so that the worker may repeat its
    /// report; null if no worker did.
    pub last_lease_token: Option<String>,
    /// Id that the worker gave the call which claimed the job; null if the job is not running or
    /// the call had none.
    pub claim_id: Option<String>,
    /// Time of the last call of the worker that runs the job, apart from the claim; null if there
    /// was none yet.
    pub last_heard_at: Option<DateTimeUtc>,
    /// Number of claims in a row whose worker was never heard of; such an attempt does not count.
    pub unheard_claims: i32,
    /// Time when the running attempt has lasted for its maximum; null if it has none.
    pub run_until: Option<DateTimeUtc>,
    /// Number of holds. While there is one, no claim returns the job. A job that its creator runs
    /// has one, until a retry, a recover or a release gives the job to workers.
    pub holds: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
