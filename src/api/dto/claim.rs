//! Claims of workers, and the jobs that they get.

use super::{Job, Time, item::Item};
use crate::jobs::{self, Claimed};
use poem_openapi::{Object, types::ToJSON};

/// A worker's claim of jobs.
#[derive(Debug, Object)]
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
#[derive(Debug, Object)]
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
#[derive(Debug, Object)]
pub struct ClaimedJob {
    /// The job as it was claimed.
    pub job: Job,
    /// Lease of the job.
    pub lease: Lease,
    /// All items of the job, in order. Items that are completed or skipped are done, whichever
    /// attempt did them.
    pub items: Vec<Item>,
}

/// Lease under which a worker runs a job.
#[derive(Debug, Object)]
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
