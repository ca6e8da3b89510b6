//! Workers and queues as they are given.

use super::Time;
use crate::jobs::{self, Queue as Counted};
use entity::job;
use poem_openapi::{Enum, Object, types::MaybeUndefined};

/// Where a worker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum WorkerStatus {
    /// It holds a job.
    Busy,
    /// It asks for jobs.
    Idle,
    /// It is not heard of any more.
    Stale,
}

/// Who asks for jobs.
#[derive(Debug, Object)]
pub struct Worker {
    worker_id: String,
    /// Where it runs, as it says.
    host: Option<String>,
    /// Version of its program, as it says.
    version: Option<String>,
    /// The types that it asked for last.
    job_types: Vec<String>,
    status: WorkerStatus,
    /// What it holds.
    jobs: Vec<HeldJob>,
    first_seen_at: Time,
    /// To within a few seconds; to within 20 while the worker waits for a job at another server.
    last_seen_at: Time,
    /// Jobs that it was given.
    claimed: i64,
    /// Jobs that it completed.
    completed: i64,
    /// Attempts that it said had failed.
    failed: i64,
    /// Jobs that were taken from it because it was not heard of in time.
    rescued: i64,
}

/// A job in the hands of a worker.
#[derive(Debug, Object)]
pub struct HeldJob {
    job_id: String,
    job_type: String,
    project_title: Option<String>,
    /// Percent, 0 to 100.
    progress: f64,
    current_stage: Option<String>,
    /// When the job is taken from the worker unless it is heard of; null when it has no lease.
    lease_expires_at: Option<Time>,
}

/// Workers by id; those that were not heard of for a day are forgotten.
#[derive(Debug, Object)]
pub struct WorkerList {
    pub workers: Vec<Worker>,
    /// There are more workers than an answer lists: these are the ones that were heard of last.
    pub more: bool,
}

/// The jobs of one type.
#[derive(Debug, Object)]
pub struct Queue {
    job_type: String,
    /// No worker is given a job of this type.
    paused: bool,
    /// Jobs that may run at once; null for any number.
    max_running: Option<i32>,
    queued: u64,
    processing: u64,
}

/// Every type that something is set for, or of which jobs wait or run.
#[derive(Debug, Object)]
pub struct QueueList {
    pub queues: Vec<Queue>,
}

/// What is to be set for a type of job. At least one of the two; what is left out stays.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct SetQueue {
    /// Give no worker a job of this type.
    pub paused: Option<bool>,
    /// Jobs that may run at once; null for any number.
    #[oai(validator(minimum(value = "1"), maximum(value = "2147483647")))]
    pub max_running: MaybeUndefined<i32>,
}

impl From<jobs::Worker> for Worker {
    fn from(worker: jobs::Worker) -> Self {
        let jobs::Worker { row, status, jobs } = worker;
        let job_types = row.job_types.and_then(|types| serde_json::from_value(types).ok()).unwrap_or_default();
        Self {
            worker_id: row.worker_id,
            host: row.host,
            version: row.version,
            job_types,
            status: match status {
                jobs::WorkerStatus::Busy => WorkerStatus::Busy,
                jobs::WorkerStatus::Idle => WorkerStatus::Idle,
                jobs::WorkerStatus::Stale => WorkerStatus::Stale,
            },
            jobs: jobs.into_iter().map(Into::into).collect(),
            first_seen_at: row.first_seen_at.into(),
            last_seen_at: row.last_seen_at.into(),
            claimed: row.claimed,
            completed: row.completed,
            failed: row.failed,
            rescued: row.rescued,
        }
    }
}

impl From<job::Model> for HeldJob {
    fn from(job: job::Model) -> Self {
        Self {
            job_id: job.id,
            job_type: job.job_type,
            project_title: job.project_title,
            progress: job.progress,
            current_stage: job.current_stage,
            lease_expires_at: job.lease_expires_at.map(Into::into),
        }
    }
}

impl From<Counted> for Queue {
    fn from(queue: Counted) -> Self {
        let Counted { job_type, paused, max_running, queued, processing, .. } = queue;
        Self { job_type, paused, max_running, queued, processing }
    }
}
