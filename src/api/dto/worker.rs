//! Workers and queues as the API returns them.

use super::{QueueKeep, SetKeep, Time};
use crate::jobs::{self, Queue as Counted};
use chrono::TimeDelta;
use entity::job;
use poem_openapi::{Enum, Object, types::MaybeUndefined};

/// Status of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum WorkerStatus {
    /// The worker has a job.
    Busy,
    /// The worker has no job and asks for one.
    Idle,
    /// The server no longer hears from the worker.
    Stale,
}

/// A worker that claims jobs.
#[derive(Debug, Object)]
pub struct Worker {
    /// Name of the worker.
    worker_id: String,
    /// Host of the worker, as it reports it.
    host: Option<String>,
    /// Version of the worker's program, as it reports it.
    version: Option<String>,
    /// Job types of its last claim.
    job_types: Vec<String>,
    /// Status of the worker.
    status: WorkerStatus,
    /// Jobs that the worker has now.
    jobs: Vec<HeldJob>,
    /// Time of its first call.
    first_seen_at: Time,
    /// Time of its last call, to within a few seconds; to within 20 seconds while the worker waits
    /// for a job at another server.
    last_seen_at: Time,
    /// Number of jobs that the worker has claimed.
    claimed: i64,
    /// Number of jobs that the worker has completed.
    completed: i64,
    /// Number of attempts that the worker reported as failed.
    failed: i64,
    /// Number of jobs that the server took from the worker because it was not heard of in time.
    rescued: i64,
}

/// A job that a worker is running.
#[derive(Debug, Object)]
pub struct HeldJob {
    /// Id of the job.
    job_id: String,
    /// Type of the job, e.g. `idea2video`. Each type is a queue.
    job_type: String,
    /// Title of the project.
    project_title: Option<String>,
    /// Progress in percent, 0 to 100.
    progress: f64,
    /// Current stage of the work, e.g. `Developing story`.
    current_stage: Option<String>,
    /// Time when the lease expires, unless the worker sends a heartbeat before; null for a job
    /// without a lease.
    lease_expires_at: Option<Time>,
}

/// Workers by id. The server forgets a worker that it has not heard of for a day.
#[derive(Debug, Object)]
pub struct WorkerList {
    /// Workers of the page.
    pub workers: Vec<Worker>,
    /// Whether there are more than 10,000 workers; the list then has those heard of last.
    pub more: bool,
    /// Whether more workers of the list follow this page.
    pub has_more: bool,
    /// Cursor of the next page; null on the last page.
    pub next_cursor: Option<String>,
}

/// A queue: all jobs of one type, and its settings.
#[derive(Debug, Object)]
pub struct Queue {
    /// Type of the job, e.g. `idea2video`. Each type is a queue.
    job_type: String,
    /// Whether the queue is paused: claims get no jobs of this type.
    paused: bool,
    /// Maximum number of jobs that may be processing at once; null for no limit.
    max_running: Option<i32>,
    /// Maximum seconds of an attempt of a job that has no maximum of its own; null for no limit.
    max_run_seconds: Option<i32>,
    /// How long ended jobs are kept, as far as the queue has a rule of its own.
    keep: QueueKeep,
    /// What becomes of them then, `delete` or `archive`; null for the default of the server.
    then: Option<String>,
    /// Whether files in the media folder stay when a job is deleted; null for the default of the
    /// server.
    keep_media: Option<bool>,
    /// Number of queued jobs.
    queued: u64,
    /// Number of processing jobs.
    processing: u64,
}

/// All queues that have settings, or queued or processing jobs.
#[derive(Debug, Object)]
pub struct QueueList {
    /// The queues, by job type.
    pub queues: Vec<Queue>,
}

/// When a queue is likely to be empty.
#[derive(Debug, Object)]
pub struct QueueForecast {
    /// Type of the job, e.g. `idea2video`. Each type is a queue.
    job_type: String,
    /// Whether the queue is paused.
    paused: bool,
    /// Number of queued jobs that are due.
    waiting: u64,
    /// Number of queued jobs that are not due yet; the times leave them out.
    scheduled: u64,
    /// Number of processing jobs.
    running: u64,
    /// Median seconds of an attempt in the last week; null if none ended.
    typical_seconds: Option<f64>,
    /// Seconds that 95 % of the attempts of the last week did not exceed; null if none ended.
    long_seconds: Option<f64>,
    /// Time when the last job is likely to end; null if that is unknown.
    empty_at: Option<Time>,
    /// Time when it ends if every job takes `long_seconds`; null if that is unknown.
    empty_at_latest: Option<Time>,
    /// As `empty_at`, if one more job could run at once from now on; null if that is unknown.
    empty_at_with_one_more: Option<Time>,
}

impl From<jobs::QueueForecast> for QueueForecast {
    fn from(forecast: jobs::QueueForecast) -> Self {
        let seconds = |of: fn(&jobs::Durations) -> TimeDelta| {
            let durations = forecast.durations.as_ref()?;
            Some(of(durations).as_seconds_f64())
        };
        Self {
            paused: forecast.paused,
            waiting: forecast.waiting,
            scheduled: forecast.scheduled,
            running: forecast.running,
            typical_seconds: seconds(|durations| durations.median),
            long_seconds: seconds(|durations| durations.long),
            empty_at: forecast.empty_at.map(Into::into),
            empty_at_latest: forecast.empty_at_latest.map(Into::into),
            empty_at_with_one_more: forecast.empty_at_with_one_more.map(Into::into),
            job_type: forecast.job_type,
        }
    }
}

/// Settings of a queue. At least one of them is required; a missing one keeps its value.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct SetQueue {
    /// Whether to pause the queue: claims then get no jobs of this type.
    pub paused: Option<bool>,
    /// Maximum number of jobs that may be processing at once; null for no limit.
    #[oai(validator(minimum(value = "1"), maximum(value = "2147483647")))]
    pub max_running: MaybeUndefined<i32>,
    /// Maximum seconds of an attempt of a job that has no maximum of its own, at most a year; null
    /// for no limit. It applies to attempts that start later.
    #[oai(validator(minimum(value = "1"), maximum(value = "31536000")))]
    pub max_run_seconds: MaybeUndefined<i32>,
    /// How long ended jobs are kept.
    pub keep: Option<SetKeep>,
    /// What becomes of jobs that were kept long enough, `delete` or `archive`; null for the default
    /// of the server.
    #[oai(validator(max_length = 20))]
    pub then: MaybeUndefined<String>,
    /// Whether files in the media folder stay when retention deletes the job whose result names
    /// them; null sets the default of the server.
    pub keep_media: MaybeUndefined<bool>,
}

impl From<jobs::Worker> for Worker {
    fn from(worker: jobs::Worker) -> Self {
        let jobs::Worker { row, status, jobs } = worker;
        let job_types = row
            .job_types
            .and_then(|types| serde_json::from_value(types).ok())
            .unwrap_or_default();
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
        let Counted {
            job_type,
            paused,
            max_running,
            max_run_seconds,
            keep,
            queued,
            processing,
            ..
        } = queue;
        Self {
            job_type,
            paused,
            max_running,
            max_run_seconds,
            keep: keep.into(),
            then: keep.then.map(|then| then.name().to_owned()),
            keep_media: keep.keep_media,
            queued,
            processing,
        }
    }
}
