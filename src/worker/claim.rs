//! The claim: the call by which the worker takes jobs from the server.

use super::{
    Worker,
    batch::DEFAULT_BODY_BYTES,
    client::{self, CallError},
    uptime::uptime,
};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Maximum seconds for which the server holds a claim open until there is a job.
const WAIT_SECONDS: u64 = 20;

/// A claimed job with its lease token and its items.
pub struct Claim {
    pub id: String,
    pub job: Map<String, Value>,
    pub token: String,
    pub items: Vec<Value>,
    /// [`uptime`] at which the answer arrived.
    pub answered: Duration,
    /// Maximum bytes of a request body that the server accepts.
    pub max_body_bytes: usize,
}

impl Claim {
    /// Returns the line of JSON that the program reads from standard input.
    pub fn input(&self) -> String {
        let mut line = json!({"job": self.job, "items": self.items}).to_string();
        line.push('\n');
        line
    }

    /// Returns environment variables with the main fields of the job, so that a shell script need
    /// not parse JSON.
    pub fn environment(&self, worker: &Worker) -> [(&'static str, String); 6] {
        [
            ("CALLSHEET_JOB_ID", self.id.clone()),
            ("CALLSHEET_JOB_TYPE", self.text("job_type")),
            ("CALLSHEET_ATTEMPT", self.number("attempt").to_string()),
            (
                "CALLSHEET_MAX_ATTEMPTS",
                self.number("max_attempts").to_string(),
            ),
            ("CALLSHEET_WORKER_ID", worker.id.clone()),
            ("CALLSHEET_SERVER", worker.options.server.to_string()),
        ]
    }

    pub fn text(&self, name: &str) -> String {
        self.job
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }

    pub fn number(&self, name: &str) -> i64 {
        self.job
            .get(name)
            .and_then(Value::as_i64)
            .unwrap_or_default()
    }
}

/// Claim that may have to be repeated, because its answer may be lost after the server has claimed
/// jobs for it.
pub struct ClaimCall {
    id: String,
    most: usize,
}

impl ClaimCall {
    /// Prepares a claim of up to `most` jobs.
    pub fn new(worker: &Worker, most: usize) -> Self {
        Self {
            id: worker.chance.id(),
            most,
        }
    }

    /// Claims the jobs. Returns none if no job became due within `WAIT_SECONDS`.
    pub async fn send(&self, worker: &Worker) -> Result<Vec<Claim>, CallError> {
        let wanted = client::Claim {
            worker_id: &worker.id,
            call_id: &self.id,
            job_types: &worker.options.job_types,
            max_jobs: self.most,
            lease_seconds: worker.options.lease.as_secs(),
            wait_seconds: WAIT_SECONDS,
            host: &worker.host,
            version: env!("CARGO_PKG_VERSION"),
        };
        let claims = worker.client.claim(&wanted).await?;
        let answered = uptime();
        worker.display.back();
        let max_body_bytes = claims.max_body_bytes.unwrap_or(DEFAULT_BODY_BYTES);
        let claim = |claimed: client::Claimed| Claim {
            id: claimed
                .job
                .get("job_id")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            job: claimed.job,
            token: claimed.lease.token,
            items: claimed.items,
            answered,
            max_body_bytes,
        };
        Ok(claims.jobs.into_iter().map(claim).collect())
    }
}

/// Fails a job that is too large to be received, so that it does not spend its attempts.
pub async fn fail_too_large(worker: &Worker, job_id: &str, token: &str) {
    let error = "the job with its items is larger than a worker can receive (256 MiB): make \
        several jobs of it, or report paths of files instead of their content";
    let body = json!({"lease_token": token, "error": error, "retryable": false});
    worker
        .display
        .note(format_args!("{job_id} is too large to be received"));
    if let Err(why) = worker.client.end(job_id, "fail", &body).await {
        worker
            .display
            .note(format_args!("{job_id} is left: {why:?}"));
    }
}
