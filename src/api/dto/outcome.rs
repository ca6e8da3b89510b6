//! Small answers.

use super::{JobStatus, Time};
use poem_openapi::Object;

/// A job that waits to be made into a video.
#[derive(Debug, Object)]
pub struct Generated {
    pub job_id: String,
    pub status: JobStatus,
    pub message: String,
    pub created_at: Time,
    pub working_dir: String,
}

/// A job that is gone.
#[derive(Debug, Object)]
pub struct Deleted {
    pub message: String,
    pub job_id: String,
}

/// A shot with new descriptions.
#[derive(Debug, Object)]
pub struct ShotUpdated {
    pub message: String,
    pub job_id: String,
    pub shot_idx: i64,
    /// The fields that were set.
    pub updated_fields: Vec<String>,
}

/// How the service is.
#[derive(Debug, Object)]
pub struct HealthReport {
    /// `ok`; when the database does not answer there is a problem instead.
    pub status: String,
    /// Version of the service.
    pub version: String,
    /// `SQLite` or `PostgreSQL`.
    pub database: String,
}
