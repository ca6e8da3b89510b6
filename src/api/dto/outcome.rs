//! Short responses: created and deleted jobs, and updated shots.

use super::{JobStatus, Time};
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
