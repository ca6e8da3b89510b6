//! `video_generation_jobs`: one row a job.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// Where a job stands. The moves between these are in `callsheet::lifecycle`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(50))")]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// Waits for a worker.
    #[sea_orm(string_value = "queued")]
    Queued,
    /// Someone works on it.
    #[sea_orm(string_value = "processing")]
    Processing,
    /// Ended with a result.
    #[sea_orm(string_value = "completed")]
    Completed,
    /// Ended with an error.
    #[sea_orm(string_value = "failed")]
    Failed,
    /// Ended because someone asked.
    #[sea_orm(string_value = "cancelled")]
    Cancelled,
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
    /// Higher runs first.
    pub priority: i16,
    /// Not to be claimed before.
    pub run_at: Option<DateTimeUtc>,
    pub max_attempts: i32,
    /// Up to 16 string pairs.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub labels: Option<Json>,
    pub idempotency_key: Option<String>,
    /// SHA-256 of the request that the key came with, in hex.
    pub idempotency_fingerprint: Option<String>,
    /// The older store that the job was imported from.
    pub source: Option<String>,
    /// The raw status there.
    pub source_status: Option<String>,
    pub status: JobStatus,
    /// Percent, 0 to 100.
    pub progress: f64,
    pub current_stage: Option<String>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub result_data: Option<Json>,
    #[sea_orm(column_type = "Text", nullable)]
    pub error_message: Option<String>,
    pub total_shots: i32,
    pub completed_shots: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    /// Set once, at the first start.
    pub started_at: Option<DateTimeUtc>,
    /// Set on entering a terminal status, cleared on leaving it.
    pub completed_at: Option<DateTimeUtc>,
    /// How many times the job was started.
    pub attempt: i32,
    pub worker_id: Option<String>,
    pub lease_token: Option<String>,
    pub lease_expires_at: Option<DateTimeUtc>,
    pub cancel_requested_at: Option<DateTimeUtc>,
    /// Steps by one at every change; the ETag; the `seq` of the event that tells of the change.
    pub version: i64,
    /// When the job entered its present status; null where that is not known, as of imported jobs.
    pub status_since: Option<DateTimeUtc>,
    /// The lease under which a worker ended the last attempt; null when none did. Its worker may repeat itself.
    pub last_lease_token: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
