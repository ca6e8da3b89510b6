//! What workers and Callsheet say to each other.

use super::{Job, JobStatus, Object, Time, item::Item, report::ItemReport};
use crate::{
    error::Error,
    jobs::{self, Beat, Claimed, Ending, Failure, Progress},
};
use entity::job;
use poem_openapi::{Enum, Object as ObjectShape};

/// Who asks for jobs, and for which.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct ClaimJobs {
    /// 1 to 200 visible characters that name the worker, the same at each call.
    #[oai(validator(min_length = 1, max_length = 200))]
    pub worker_id: String,
    /// The types of jobs that the worker can do.
    #[oai(validator(min_items = 1, max_items = 100))]
    pub job_types: Vec<String>,
    /// How many jobs the worker wants at most; 1 when left out.
    #[oai(validator(minimum(value = "1"), maximum(value = "1000")))]
    pub max_jobs: Option<u32>,
    /// How long the worker may be silent before its jobs are taken from it; 60 when left out.
    #[oai(validator(minimum(value = "1"), maximum(value = "86400")))]
    pub lease_seconds: Option<u32>,
    /// How long to wait for a job when there is none; 0 when left out.
    #[oai(validator(minimum(value = "0"), maximum(value = "60")))]
    pub wait_seconds: Option<u32>,
    /// Where the worker runs, for people.
    #[oai(validator(max_length = 255))]
    pub host: Option<String>,
    /// Version of the worker's program, for people.
    #[oai(validator(max_length = 50))]
    pub version: Option<String>,
}

/// The jobs that the worker was given, in the order in which they are to be worked on; none when there is nothing to do.
#[derive(Debug, ObjectShape)]
pub struct ClaimedJobs {
    pub jobs: Vec<ClaimedJob>,
}

/// A job in the hands of a worker.
#[derive(Debug, ObjectShape)]
pub struct ClaimedJob {
    pub job: Job,
    pub lease: Lease,
    /// All items of the job, in order; those that are completed or skipped are done, whichever attempt did them.
    pub items: Vec<Item>,
}

/// What a worker holds a job by.
#[derive(Debug, ObjectShape)]
pub struct Lease {
    /// To be sent with whatever the worker reports on the job.
    pub token: String,
    /// When the job is taken from the worker unless it sends a heartbeat.
    pub expires_at: Time,
}

/// A sign of life of a worker that holds a job, with what there is to report.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct SendHeartbeat {
    /// Token of the lease.
    pub lease_token: String,
    /// The lease ends so many seconds from now; when left out it holds for 60 more at least.
    #[oai(validator(minimum(value = "1"), maximum(value = "86400")))]
    pub lease_seconds: Option<u32>,
    /// Percent.
    #[oai(validator(minimum(value = "0"), maximum(value = "100")))]
    pub progress: Option<f64>,
    /// What is being done.
    #[oai(validator(max_length = 255))]
    pub current_stage: Option<String>,
    #[oai(validator(minimum(value = "0"), maximum(value = "2147483647")))]
    pub total_shots: Option<i32>,
    /// At most total_shots.
    #[oai(validator(minimum(value = "0"), maximum(value = "2147483647")))]
    pub completed_shots: Option<i32>,
    /// What became of items.
    #[oai(validator(max_items = 1000))]
    pub items: Option<Vec<ItemReport>>,
    /// Lines for the job's history, an event a call.
    #[oai(validator(max_items = 100))]
    pub log: Option<Vec<String>>,
}

/// What a worker is told at a heartbeat.
#[derive(Debug, ObjectShape)]
pub struct HeartbeatAnswer {
    /// When the job is taken from the worker unless it sends another one.
    pub lease_expires_at: Time,
    /// Someone wants the worker to let go of the job: it is to fail or release it, and the job ends as cancelled.
    pub cancel_requested: bool,
    /// Version of the job.
    pub version: i64,
}

/// A worker that lets go of a job.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct ReleaseJob {
    /// Token of the lease, where the job is held under one.
    pub lease_token: Option<String>,
}

/// How the attempts of jobs ended.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct ReportOutcomes {
    #[oai(validator(min_items = 1, max_items = 1000))]
    pub outcomes: Vec<JobOutcome>,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// As `complete`.
    Completed,
    /// As `fail`.
    Failed,
    /// As `release`.
    Released,
}

/// How the attempt of one job ended.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct JobOutcome {
    pub job_id: String,
    /// Token of the lease, where the job is held under one.
    pub lease_token: Option<String>,
    pub outcome: OutcomeKind,
    /// What came out of a completed job.
    pub result: Option<Object>,
    /// What went wrong in a failed one.
    pub error: Option<String>,
    /// False when another attempt would not help; true when left out.
    pub retryable: Option<bool>,
    /// Seconds until the next attempt; exponential backoff when left out.
    #[oai(validator(minimum(value = "0"), maximum(value = "604800")))]
    pub retry_after_seconds: Option<u32>,
}

/// What came of each job of a call, in the order of the call.
#[derive(Debug, ObjectShape)]
pub struct Outcomes {
    pub outcomes: Vec<OutcomeAnswer>,
}

/// What came of one job of a call: its status, or the code of what was wrong.
#[derive(Debug, ObjectShape)]
pub struct OutcomeAnswer {
    /// Null when no job was made, and none was named.
    pub job_id: Option<String>,
    /// Where the job stands now; left out when the job was refused.
    #[oai(skip_serializing_if_is_none)]
    pub status: Option<JobStatus>,
    /// Why it was refused, as in a problem; null when it was not.
    pub code: Option<String>,
    /// A sentence that says what to do; null when it was not refused.
    pub detail: Option<String>,
}

impl From<ClaimJobs> for jobs::Claim {
    fn from(claim: ClaimJobs) -> Self {
        Self {
            worker_id: claim.worker_id,
            job_types: claim.job_types,
            max_jobs: claim.max_jobs.unwrap_or(1),
            lease_seconds: claim.lease_seconds.unwrap_or(60),
            wait_seconds: claim.wait_seconds.unwrap_or(0),
            host: claim.host,
            version: claim.version,
        }
    }
}

impl ClaimedJob {
    /// `None` of a job without a lease, which is claimed by nobody.
    pub fn of(claimed: Claimed) -> Option<Self> {
        let Claimed { mut job, items } = claimed;
        let lease = Lease { token: job.lease_token.take()?, expires_at: job.lease_expires_at?.into() };
        Some(Self { lease, items: items.into_iter().map(Into::into).collect(), job: job.into() })
    }
}

impl From<SendHeartbeat> for jobs::Heartbeat {
    fn from(beat: SendHeartbeat) -> Self {
        Self {
            lease_seconds: beat.lease_seconds,
            progress: Progress { progress: beat.progress, current_stage: beat.current_stage },
            total_shots: beat.total_shots,
            completed_shots: beat.completed_shots,
            items: beat.items.unwrap_or_default().into_iter().map(Into::into).collect(),
            log: beat.log.unwrap_or_default(),
        }
    }
}

impl From<Beat> for HeartbeatAnswer {
    fn from(beat: Beat) -> Self {
        Self {
            lease_expires_at: beat.lease_expires_at.into(),
            cancel_requested: beat.cancel_requested,
            version: beat.version,
        }
    }
}

impl From<JobOutcome> for jobs::Outcome {
    fn from(outcome: JobOutcome) -> Self {
        let ending = match outcome.outcome {
            OutcomeKind::Completed => Ending::Completed { result: outcome.result.map(super::members) },
            OutcomeKind::Released => Ending::Released,
            OutcomeKind::Failed => Ending::Failed(Failure {
                error: outcome.error.unwrap_or_default(),
                retryable: outcome.retryable.unwrap_or(true),
                retry_after_seconds: outcome.retry_after_seconds,
            }),
        };
        Self { job_id: outcome.job_id, lease_token: outcome.lease_token, ending }
    }
}

impl OutcomeAnswer {
    pub fn of(job_id: Option<String>, outcome: Result<job::Model, Error>) -> Self {
        match outcome {
            Ok(job) => Self { job_id: Some(job.id), status: Some(job.status.into()), code: None, detail: None },
            Err(error) => {
                Self { job_id, status: None, code: Some(error.code().to_owned()), detail: Some(error.to_string()) }
            }
        }
    }
}
