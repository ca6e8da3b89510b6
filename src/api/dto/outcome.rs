//! Small answers.

use super::{JobStatus, Time};
use crate::jobs::LoopStatus;
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
    /// What this server does again and again; those that have run.
    pub loops: Vec<LoopReport>,
    /// Lines of the log that could not be written since the server started.
    pub dropped_log_lines: u64,
}

/// How a loop of the server goes.
#[derive(Debug, Object)]
pub struct LoopReport {
    pub name: String,
    /// When it ran last.
    pub ran_at: Time,
    /// How often it ran.
    pub runs: u64,
    /// How much it did, of all its runs.
    pub done: u64,
    /// Why its last run failed; null when it did not.
    pub error: Option<String>,
    /// Runs that ended in a panic.
    pub panics: u64,
}

impl From<(&'static str, LoopStatus)> for LoopReport {
    fn from((name, status): (&'static str, LoopStatus)) -> Self {
        let LoopStatus { ran_at, runs, done, error, panics } = status;
        Self { name: name.to_owned(), ran_at: ran_at.into(), runs, done, error, panics }
    }
}
