//! Outcomes of attempts, as workers report them, and what became of each job of a call.

use super::{JobStatus, Object};
use crate::{
    error::Error,
    jobs::{self, Ending, Failure},
};
use entity::job;
use poem_openapi::{Enum, Object as ObjectShape};

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
