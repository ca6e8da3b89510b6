//! Statistics as the API returns them.

mod bucket;

pub use bucket::{Bucket, StatsBucket};

use super::{JobCounts, Time};
use crate::{
    jobs::{self, Cause, Counts, Stats},
    lifecycle::BucketSize,
};
use chrono::{DateTime, Utc};
use entity::{job, queue};
use poem_openapi::Object;

/// Counts of jobs and workers, waiting jobs, and recent activity.
#[derive(Debug, Object)]
pub struct StatsReport {
    /// Time for which the values hold.
    pub as_of: Time,
    /// Number of jobs by status.
    pub jobs: JobCounts,
    /// Number of jobs by status, of each type that has jobs.
    pub by_type: Vec<TypeStats>,
    /// Queued jobs that are not due yet.
    pub scheduled: u64,
    /// Time since which the longest waiting queued job has been due; null if no job is waiting.
    pub oldest_queued_at: Option<Time>,
    /// Seconds since the longest waiting queued job has been due; null if no job is waiting.
    pub oldest_queued_seconds: Option<f64>,
    /// Id of the longest waiting queued job; null if no job is waiting.
    pub oldest_queued_job_id: Option<String>,
    /// Number of workers by state.
    pub workers: WorkerCounts,
    /// Length of a bucket.
    pub bucket: Bucket,
    /// Length of a bucket in seconds.
    pub bucket_seconds: i32,
    /// Activity in each bucket, oldest first: 60 minutes, 96 quarters of an hour, or 168 hours. The
    /// last bucket is not complete yet.
    pub buckets: Vec<StatsBucket>,
    /// Jobs that ended as failed since midnight (UTC).
    pub failures_today: i64,
    /// Processing jobs whose worker is gone: the lease has expired, or, without a lease, no report
    /// has arrived for 15 minutes.
    pub stuck: u64,
    /// Jobs that the next claims get, in order; null unless requested with `next`.
    pub next: Option<Vec<NextJob>>,
    /// Failed jobs grouped by error, the largest group first; null unless requested with
    /// `failures`.
    pub causes: Option<Vec<FailureCause>>,
}

/// A queued job that is due.
#[derive(Debug, Object)]
pub struct NextJob {
    /// Id of the job.
    pub job_id: String,
    /// Type of the job, e.g. `idea2video`. Each type is a queue.
    pub job_type: String,
    /// Title of the project.
    pub project_title: Option<String>,
    /// Priority, -100 to 100.
    pub priority: i16,
    /// Time when the job was created.
    pub created_at: Time,
}

/// Failed jobs whose errors have the same first line, apart from numbers and ids.
#[derive(Debug, Object)]
pub struct FailureCause {
    /// First line of the latest job's error, at most 1,000 characters; empty if the job has no
    /// error text.
    pub error: String,
    /// That line with `#` for numbers and ids: what the filter `error` of `list_jobs` takes.
    pub signature: String,
    /// Failed jobs of the group, latest first.
    pub jobs: Vec<FailedJob>,
}

/// A job that failed.
#[derive(Debug, Object)]
pub struct FailedJob {
    /// Id of the job.
    pub job_id: String,
    /// Type of the job, e.g. `idea2video`.
    pub job_type: String,
    /// Worker of the attempt that failed.
    pub worker_id: Option<String>,
    /// Title of the project.
    pub project_title: Option<String>,
    /// Time of the failure.
    pub failed_at: Option<Time>,
}

/// Number of jobs of one type by status, with the settings of its queue.
#[derive(Debug, Object)]
pub struct TypeStats {
    /// Type of the job, e.g. `idea2video`. Each type is a queue.
    pub job_type: String,
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
    /// Whether the queue is paused: claims get no jobs of this type.
    pub paused: bool,
    /// Maximum number of jobs that may be processing at once; null for no limit.
    pub max_running: Option<i32>,
}

/// Number of workers by state.
#[derive(Debug, Object)]
pub struct WorkerCounts {
    /// Workers that the server hears from.
    pub alive: u64,
    /// Workers that are alive and have a job.
    pub busy: u64,
    /// Workers that the server no longer hears from.
    pub stale: u64,
}

impl StatsReport {
    pub fn new(stats: Stats, bucket: Bucket) -> Self {
        let Stats {
            as_of,
            by_type,
            queues,
            waiting,
            workers,
            spans,
            failures_today,
            next,
            causes,
        } = stats;
        let jobs = by_type
            .iter()
            .fold(Counts::default(), |sum, (_, counts)| sum.plus(counts));
        let oldest = waiting.oldest;
        let waited = |since: DateTime<Utc>| (as_of - since).as_seconds_f64().max(0.0);
        Self {
            as_of: as_of.into(),
            jobs: jobs.into(),
            by_type: by_type
                .into_iter()
                .map(|of_type| TypeStats::new(of_type, &queues))
                .collect(),
            scheduled: waiting.scheduled,
            oldest_queued_at: oldest.as_ref().map(|oldest| oldest.due_since.into()),
            oldest_queued_seconds: oldest.as_ref().map(|oldest| waited(oldest.due_since)),
            oldest_queued_job_id: oldest.map(|oldest| oldest.job_id),
            workers: WorkerCounts {
                alive: workers.alive,
                busy: workers.busy,
                stale: workers.stale,
            },
            bucket,
            bucket_seconds: BucketSize::from(bucket).seconds(),
            buckets: spans.into_iter().map(Into::into).collect(),
            failures_today,
            stuck: waiting.stuck,
            next: next.map(|jobs| jobs.into_iter().map(Into::into).collect()),
            causes: causes.map(|causes| causes.into_iter().map(Into::into).collect()),
        }
    }
}

impl From<job::Model> for NextJob {
    fn from(job: job::Model) -> Self {
        let job::Model {
            id,
            job_type,
            project_title,
            priority,
            created_at,
            ..
        } = job;
        Self {
            job_id: id,
            job_type,
            project_title,
            priority,
            created_at: created_at.into(),
        }
    }
}

impl From<Cause> for FailureCause {
    fn from(cause: Cause) -> Self {
        let failed = |job: jobs::FailedJob| FailedJob {
            job_id: job.job_id,
            job_type: job.job_type,
            worker_id: job.worker_id,
            project_title: job.project_title,
            failed_at: job.failed_at.map(Into::into),
        };
        Self {
            error: cause.error,
            signature: cause.signature,
            jobs: cause.jobs.into_iter().map(failed).collect(),
        }
    }
}

impl TypeStats {
    fn new((job_type, counts): (String, Counts), queues: &[queue::Model]) -> Self {
        let Counts {
            queued,
            processing,
            completed,
            failed,
            cancelled,
        } = counts;
        let set = queues.iter().find(|queue| queue.job_type == job_type);
        let (paused, max_running) =
            set.map_or((false, None), |queue| (queue.paused, queue.max_running));
        Self {
            job_type,
            queued,
            processing,
            completed,
            failed,
            cancelled,
            paused,
            max_running,
        }
    }
}
