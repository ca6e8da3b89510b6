//! Requests and responses of the calls that workers make.

use super::{Job, JobStatus, Object, Time, item::Item, report::ItemReport};
use crate::{
    error::Error,
    jobs::{self, Claimed, Ending, Failure, HeartbeatReply, Progress},
};
use entity::job;
use poem_openapi::{Enum, Object as ObjectShape, types::ToJSON};

/// A worker's claim of jobs.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct ClaimJobs {
    /// Name of the worker, 1 to 200 visible characters, the same in every call.
    #[oai(validator(min_length = 1, max_length = 200))]
    pub worker_id: String,
    /// Job types that the worker can run.
    #[oai(validator(min_items = 1, max_items = 100))]
    pub job_types: Vec<String>,
    /// Maximum number of jobs to claim; 1 by default.
    #[oai(validator(minimum(value = "1"), maximum(value = "1000")))]
    pub max_jobs: Option<u32>,
    /// Length of the lease in seconds; 60 by default. The server takes a job back if no heartbeat
    /// arrives in this time.
    #[oai(validator(minimum(value = "1"), maximum(value = "86400")))]
    pub lease_seconds: Option<u32>,
    /// Seconds to wait for a job if the queues are empty; 0 by default.
    #[oai(validator(minimum(value = "0"), maximum(value = "60")))]
    pub wait_seconds: Option<u32>,
    /// Host of the worker, shown to people only.
    #[oai(validator(max_length = 255))]
    pub host: Option<String>,
    /// Version of the worker's program, shown to people only.
    #[oai(validator(max_length = 50))]
    pub version: Option<String>,
    /// Id of the call, new for each claim. Send the same id again when no answer came: the server
    /// returns the jobs that the first call got.
    #[oai(validator(min_length = 1, max_length = 64))]
    pub call_id: Option<String>,
    /// Whether each job comes with a token for the program that runs it; false by default.
    pub job_tokens: Option<bool>,
}

/// Jobs claimed by the worker, in the order in which to run them; empty if no job is due.
#[derive(Debug, ObjectShape)]
pub struct ClaimedJobs {
    /// Claimed jobs, none if none is due.
    pub jobs: Vec<ClaimedJob>,
    /// Maximum bytes of a request body that this server accepts: the size of the largest report.
    pub max_body_bytes: u64,
}

impl ClaimedJobs {
    /// Returns the JSON text. The items of a job come last, so that a worker that cannot receive
    /// them all knows the job and its token.
    pub fn to_text(&self) -> String {
        let job = |claimed: &ClaimedJob| {
            format!(
                "{{\"job\":{},\"lease\":{},\"items\":{}}}",
                claimed.job.to_json_string(),
                claimed.lease.to_json_string(),
                claimed.items.to_json_string()
            )
        };
        let jobs: Vec<_> = self.jobs.iter().map(job).collect();
        format!(
            "{{\"max_body_bytes\":{},\"jobs\":[{}]}}",
            self.max_body_bytes,
            jobs.join(",")
        )
    }
}

/// A claimed job with its lease and items.
#[derive(Debug, ObjectShape)]
pub struct ClaimedJob {
    /// The job.
    pub job: Job,
    /// Lease of the job.
    pub lease: Lease,
    /// All items of the job, in order. Items that are completed or skipped are done, whichever
    /// attempt did them.
    pub items: Vec<Item>,
}

/// Lease under which a worker runs a job.
#[derive(Debug, ObjectShape)]
pub struct Lease {
    /// Fencing token of the lease; send it with every report on the job.
    pub token: String,
    /// Time when the lease expires, unless the worker sends a heartbeat before.
    pub expires_at: Time,
    /// Token for the program that runs the job, if the claim asked for it. It stands for a key in
    /// calls of `heartbeat`, `report_items` and `list_items` of this job while the lease lasts.
    #[oai(skip_serializing_if_is_none)]
    pub job_token: Option<String>,
}

/// A heartbeat of a worker that runs a job, with an optional report.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct SendHeartbeat {
    /// Token of the lease. A program that calls with the token of its job sends that here too.
    pub lease_token: String,
    /// Seconds from now until the lease expires; by default the lease is extended to at least 60
    /// seconds from now.
    #[oai(validator(minimum(value = "1"), maximum(value = "86400")))]
    pub lease_seconds: Option<u32>,
    /// Progress in percent, 0 to 100.
    #[oai(validator(minimum(value = "0"), maximum(value = "100")))]
    pub progress: Option<f64>,
    /// Current stage of the work.
    #[oai(validator(max_length = 255))]
    pub current_stage: Option<String>,
    /// Number of shots.
    #[oai(validator(minimum(value = "0"), maximum(value = "2147483647")))]
    pub total_shots: Option<i32>,
    /// Number of completed shots, at most `total_shots`.
    #[oai(validator(minimum(value = "0"), maximum(value = "2147483647")))]
    pub completed_shots: Option<i32>,
    /// Reports on items of the job.
    #[oai(validator(max_items = 1000))]
    pub items: Option<Vec<ItemReport>>,
    /// Lines for the job's history, each at most 2,000 characters. All lines of one call become one
    /// event.
    #[oai(validator(max_items = 100))]
    pub log: Option<Vec<String>>,
}

/// Response to a heartbeat.
#[derive(Debug, ObjectShape)]
pub struct HeartbeatAnswer {
    /// Time when the lease expires, unless the worker sends another heartbeat before.
    pub lease_expires_at: Time,
    /// Whether cancelling was requested. The worker then has to stop and fail or release the job,
    /// which ends as cancelled.
    pub cancel_requested: bool,
    /// Version of the job.
    pub version: i64,
}

/// A worker's release of a job that it does not finish.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct ReleaseJob {
    /// Token of the lease, if the job has one.
    pub lease_token: Option<String>,
}

/// Outcomes of the attempts of several jobs.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct ReportOutcomes {
    /// Outcomes to report.
    #[oai(validator(min_items = 1, max_items = 1000))]
    pub outcomes: Vec<JobOutcome>,
}

/// Outcome of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// Completes the job, as `complete` does.
    Completed,
    /// Fails the attempt, as `fail` does.
    Failed,
    /// Releases the job, as `release` does.
    Released,
}

/// Outcome of one job's attempt.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct JobOutcome {
    /// Id of the job.
    pub job_id: String,
    /// Token of the lease, if the job has one.
    pub lease_token: Option<String>,
    /// How the attempt ended.
    pub outcome: OutcomeKind,
    /// Result of a completed job.
    pub result: Option<Object>,
    /// Error of a failed attempt.
    pub error: Option<String>,
    /// Whether another attempt may help; true by default.
    pub retryable: Option<bool>,
    /// Seconds until the next attempt; exponential backoff by default.
    #[oai(validator(minimum(value = "0"), maximum(value = "604800")))]
    pub retry_after_seconds: Option<u32>,
}

/// Outcome for each job of a call, in the order of the call.
#[derive(Debug, ObjectShape)]
pub struct Outcomes {
    /// An outcome for each job of the request, in its order.
    pub outcomes: Vec<OutcomeAnswer>,
}

/// Outcome for one job of a call: its new status, or the code of the problem.
#[derive(Debug, ObjectShape)]
pub struct OutcomeAnswer {
    /// Id of the job; null if no job was created and the request named no id.
    pub job_id: Option<String>,
    /// Status of the job after the call; left out if the server refused the job.
    #[oai(skip_serializing_if_is_none)]
    pub status: Option<JobStatus>,
    /// Code of the problem if the server refused the job; null otherwise.
    pub code: Option<String>,
    /// Sentence that says what to do; null if the server accepted the job.
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
            call_id: claim.call_id,
            job_tokens: claim.job_tokens.unwrap_or(false),
        }
    }
}

impl ClaimedJob {
    /// Returns the claimed job; `None` if the row has no lease, because then no worker has claimed
    /// it.
    pub fn of(claimed: Claimed) -> Option<Self> {
        let Claimed {
            mut job,
            items,
            job_token,
        } = claimed;
        let lease = Lease {
            token: job.lease_token.take()?,
            expires_at: job.lease_expires_at?.into(),
            job_token,
        };
        Some(Self {
            lease,
            items: items.into_iter().map(Into::into).collect(),
            job: job.into(),
        })
    }
}

impl From<SendHeartbeat> for jobs::Heartbeat {
    fn from(beat: SendHeartbeat) -> Self {
        Self {
            lease_seconds: beat.lease_seconds,
            progress: Progress {
                progress: beat.progress,
                current_stage: beat.current_stage,
            },
            total_shots: beat.total_shots,
            completed_shots: beat.completed_shots,
            items: beat
                .items
                .unwrap_or_default()
                .into_iter()
                .map(Into::into)
                .collect(),
            log: beat.log.unwrap_or_default(),
        }
    }
}

impl From<HeartbeatReply> for HeartbeatAnswer {
    fn from(beat: HeartbeatReply) -> Self {
        Self {
            lease_expires_at: beat.lease_expires_at.into(),
            cancel_requested: beat.cancel_requested,
            version: beat.version,
        }
    }
}

impl From<JobOutcome> for jobs::AttemptReport {
    fn from(outcome: JobOutcome) -> Self {
        let ending = match outcome.outcome {
            OutcomeKind::Completed => Ending::Completed {
                result: outcome.result.map(super::members),
            },
            OutcomeKind::Released => Ending::Released,
            OutcomeKind::Failed => Ending::Failed(Failure {
                error: outcome.error.unwrap_or_default(),
                retryable: outcome.retryable.unwrap_or(true),
                retry_after_seconds: outcome.retry_after_seconds,
            }),
        };
        Self {
            job_id: outcome.job_id,
            lease_token: outcome.lease_token,
            ending,
        }
    }
}

impl OutcomeAnswer {
    pub fn of(job_id: Option<String>, outcome: Result<job::Model, Error>) -> Self {
        match outcome {
            Ok(job) => Self {
                job_id: Some(job.id),
                status: Some(job.status.into()),
                code: None,
                detail: None,
            },
            Err(error) => Self {
                job_id,
                status: None,
                code: Some(error.code().to_owned()),
                detail: Some(error.to_string()),
            },
        }
    }
}
