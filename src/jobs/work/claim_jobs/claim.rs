//! Request of a worker for jobs, and its checks.

use crate::{error::Result, jobs::validate};

/// Maximum number of jobs per claim.
const MAX_JOBS: u32 = 1000;

/// Maximum number of job types per claim.
const MAX_TYPES: usize = 100;

/// Maximum time that a claim may wait for a job, in seconds.
const MAX_WAIT_SECONDS: u32 = 60;

/// Request of a worker for jobs.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Name of the worker: 1 to 200 visible characters.
    pub worker_id: String,
    /// Job types that the worker accepts: 1 to 100.
    pub job_types: Vec<String>,
    /// Maximum number of jobs to return: 1 to 1000.
    pub max_jobs: u32,
    /// Duration of the lease in seconds, 1 to 86400: the longest time between two heartbeats.
    pub lease_seconds: u32,
    /// Time to wait for a job if none is due, in seconds: 0 to 60.
    pub wait_seconds: u32,
    /// Host that the worker runs on.
    pub host: Option<String>,
    /// Version of the worker's program.
    pub version: Option<String>,
    /// Id of the call, 1 to 64 visible characters: the same call asked again gets the same jobs.
    pub call_id: Option<String>,
    /// Whether each job comes with a token for its program.
    pub job_tokens: bool,
}

impl Claim {
    /// Checks the request of a claim.
    ///
    /// Errors: `invalid_request`.
    pub(super) fn check(&self) -> Result<()> {
        let mut checks = validate::Checks::default();
        checks.name("/worker_id", &self.worker_id, validate::MAX_WORKER_ID_CHARS);
        let types = self.job_types.len();
        if types == 0 || types > MAX_TYPES {
            checks.fail(
                "/job_types",
                "out_of_range",
                format!("Name 1 to {MAX_TYPES} types; these are {types}."),
            );
        }
        for (i, kind) in self.job_types.iter().enumerate().take(MAX_TYPES) {
            checks.job_type(format_args!("/job_types/{i}"), kind);
        }
        checks.range("/max_jobs", Some(self.max_jobs), 1, MAX_JOBS);
        checks.range(
            "/lease_seconds",
            Some(self.lease_seconds),
            1,
            validate::MAX_LEASE_SECONDS,
        );
        checks.range(
            "/wait_seconds",
            Some(self.wait_seconds),
            0,
            MAX_WAIT_SECONDS,
        );
        checks.text("/host", self.host.as_deref(), validate::MAX_SHORT_CHARS);
        checks.text(
            "/version",
            self.version.as_deref(),
            validate::MAX_WORKER_VERSION_CHARS,
        );
        if let Some(call_id) = &self.call_id {
            checks.name("/call_id", call_id, validate::MAX_ID_CHARS);
        }
        checks.finish()
    }
}
