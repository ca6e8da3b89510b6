//! The claim: the call by which the worker takes jobs from the server.

use super::{
    batch::DEFAULT_BODY_BYTES,
    calls::{CallError, Claimed, Wanted},
    connection::Connection,
};
use crate::uptime;
use serde_json::{Map, Value, json};
use std::time::Duration;
use uuid::Uuid;

/// Maximum seconds for which the server holds a claim open until there is a job.
const WAIT_SECONDS: u64 = 20;

/// A claimed job with its lease token and its items, as the server sent them.
pub struct Claim {
    pub id: String,
    pub job: Map<String, Value>,
    pub token: String,
    /// Token with which the program may call the server.
    pub program_token: Option<String>,
    pub items: Vec<Value>,
    /// [`uptime()`](crate::uptime()) at which the answer arrived.
    pub answered: Duration,
    /// Maximum bytes of a request body that the server accepts.
    pub max_body_bytes: usize,
}

impl Claim {
    /// Returns a member of the job that is a text; empty for none.
    pub fn text(&self, name: &str) -> String {
        self.job
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }

    /// Returns a member of the job that is a whole number; 0 for none.
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
    pub fn new(most: usize) -> Self {
        Self {
            id: Uuid::new_v4().to_string(),
            most,
        }
    }

    /// Claims the jobs. Returns none if no job became due within `WAIT_SECONDS`.
    pub async fn send(
        &self,
        connection: &Connection,
        job_types: &[String],
    ) -> Result<Vec<Claim>, CallError> {
        let wanted = Wanted {
            worker_id: &connection.worker_id,
            call_id: &self.id,
            job_types,
            max_jobs: self.most,
            lease_seconds: connection.lease.as_secs(),
            wait_seconds: WAIT_SECONDS,
            host: &connection.host,
            version: &connection.version,
            job_tokens: true,
        };
        let claims = connection.calls.claim(&wanted).await?;
        let answered = uptime();
        connection.notices.back();
        let max_body_bytes = claims.max_body_bytes.unwrap_or(DEFAULT_BODY_BYTES);
        let claim = |claimed: Claimed| Claim {
            id: claimed
                .job
                .get("job_id")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            job: claimed.job,
            token: claimed.lease.token,
            program_token: claimed.lease.job_token,
            items: claimed.items,
            answered,
            max_body_bytes,
        };
        Ok(claims.jobs.into_iter().map(claim).collect())
    }
}

/// Fails a job that is too large to be received, so that it does not spend its attempts.
pub async fn fail_too_large(connection: &Connection, job_id: &str, token: &str) {
    let error = "the job with its items is larger than a worker can receive (256 MiB): make \
        several jobs of it, or report paths of files instead of their content";
    let body = json!({"lease_token": token, "error": error, "retryable": false});
    let notices = &connection.notices;
    notices.note(&format!("{job_id} is too large to be received"));
    if let Err(why) = connection.calls.end(job_id, "fail", &body).await {
        notices.note(&format!("{job_id} is left: {why:?}"));
    }
}
