//! Status of a job, its progress, and the number of jobs by status.

use crate::{api::dto::same::same, jobs::Counts};
use entity::job;
use poem_openapi::{Enum, Object};
use serde::Serialize;

/// Status of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// The job waits for a worker.
    Queued,
    /// A worker is running the job.
    Processing,
    /// The job ended with a result.
    Completed,
    /// The job ended with an error.
    Failed,
    /// The job was cancelled on request.
    Cancelled,
}

same!(
    JobStatus = entity::JobStatus {
        Queued,
        Processing,
        Completed,
        Failed,
        Cancelled,
    }
);

/// Progress of a job.
#[derive(Debug, Object)]
pub struct JobProgress {
    /// Id of the job.
    pub job_id: String,
    /// Status of the job.
    pub status: JobStatus,
    /// Progress in percent, 0 to 100.
    pub progress: f64,
    /// Current stage of the work, e.g. `Developing story`.
    pub current_stage: Option<String>,
    /// Number of shots, as far as it is known.
    pub total_shots: i32,
    /// Number of completed shots.
    pub completed_shots: i32,
    /// Version of the job.
    pub version: i64,
}

impl From<job::Model> for JobProgress {
    fn from(job: job::Model) -> Self {
        Self {
            job_id: job.id,
            status: job.status.into(),
            progress: job.progress,
            current_stage: job.current_stage,
            total_shots: job.total_shots,
            completed_shots: job.completed_shots,
            version: job.version,
        }
    }
}

/// Number of jobs by status.
#[derive(Debug, Object)]
pub struct JobCounts {
    /// Number of queued jobs.
    pub queued: u64,
    /// Number of processing jobs.
    pub processing: u64,
    /// Number of completed jobs.
    pub completed: u64,
    /// Number of failed jobs.
    pub failed: u64,
    /// Number of cancelled jobs.
    pub cancelled: u64,
    /// Sum of all statuses.
    pub total: u64,
}

impl From<Counts> for JobCounts {
    fn from(c: Counts) -> Self {
        let total = c.total();
        let Counts {
            queued,
            processing,
            completed,
            failed,
            cancelled,
        } = c;
        Self {
            queued,
            processing,
            completed,
            failed,
            cancelled,
            total,
        }
    }
}
