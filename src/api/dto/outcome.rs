//! Short responses: created and deleted jobs, updated shots, and health.

use super::{JobStatus, Time};
use crate::jobs::LoopStatus;
use poem_openapi::Object;

/// A job that was added to the queue to make a video.
#[derive(Debug, Object)]
pub struct Generated {
    /// Id of the job.
    pub job_id: String,
    /// Status of the job, always `queued`.
    pub status: JobStatus,
    /// A sentence for people.
    pub message: String,
    /// Time when the job was created.
    pub created_at: Time,
    /// Folder of the job's files.
    pub working_dir: String,
}

/// A job that was deleted.
#[derive(Debug, Object)]
pub struct Deleted {
    /// A sentence for people.
    pub message: String,
    /// Id of the job.
    pub job_id: String,
}

/// A shot with new descriptions.
#[derive(Debug, Object)]
pub struct ShotUpdated {
    /// A sentence for people.
    pub message: String,
    /// Id of the job.
    pub job_id: String,
    /// Number of the shot.
    pub shot_idx: i64,
    /// Names of the changed fields.
    pub updated_fields: Vec<String>,
}

/// Health of the service.
#[derive(Debug, Object)]
pub struct HealthReport {
    /// Always `ok`: if the service is not healthy, the response is a problem instead.
    pub status: String,
    /// Version of the service.
    pub version: String,
    /// Kind of database, `SQLite` or `PostgreSQL`.
    pub database: String,
    /// Maximum number of connections to the database: fewer than configured if PostgreSQL does not
    /// give as many.
    pub database_connections: u32,
    /// Background loops of this server that have run at least once.
    pub loops: Vec<LoopReport>,
    /// Log lines that the server could not write since it started.
    pub dropped_log_lines: u64,
}

/// State of a background loop of the server.
#[derive(Debug, Object)]
pub struct LoopReport {
    /// Name of the loop.
    pub name: String,
    /// Time of the last run.
    pub ran_at: Time,
    /// Number of runs.
    pub runs: u64,
    /// Amount of work done in all runs, e.g. rescued jobs.
    pub done: u64,
    /// Error of the last run; null if it succeeded.
    pub error: Option<String>,
    /// Number of runs that panicked.
    pub panics: u64,
}

impl From<(&'static str, LoopStatus)> for LoopReport {
    fn from((name, status): (&'static str, LoopStatus)) -> Self {
        let LoopStatus {
            ran_at,
            runs,
            done,
            error,
            panics,
        } = status;
        Self {
            name: name.to_owned(),
            ran_at: ran_at.into(),
            runs,
            done,
            error,
            panics,
        }
    }
}
