//! The calls of a worker, and what it can do about a failed one.

use super::batch::ReportBatch;
use crate::{Client, Error, Method, Problem, path::segment};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Codes that mean that the job is no longer this worker's.
const LOST: [&str; 6] = [
    "lease_lost",
    "job_not_found",
    "job_not_processing",
    "job_transition_illegal",
    "job_ended",
    "job_archived",
];

/// Codes that mean that the server does not accept what the call says, now or later.
const REJECTED: [&str; 8] = [
    "invalid_request",
    "malformed_body",
    "item_not_found",
    "item_conflict",
    "shots_counted_from_items",
    "shots_exceed_total",
    "counter_exhausted",
    "body_too_large",
];

/// Reason why a call failed, by what the worker can do about it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CallError {
    /// The server did not answer or cannot serve the call now: the same call may succeed later.
    Unavailable(String),
    /// Something else answered, such as a proxy while the server is away: the same call may succeed
    /// later too. If it never does, the URL is wrong, or the proxy does not let the call pass.
    Misdirected(String),
    /// The lease is no longer valid: the worker lost it, or the job ended or was deleted.
    LeaseLost(String),
    /// The server rejected the call: a retry would not help.
    Rejected(String),
    /// The claimed job is larger than a response may be. Its id and its token are known.
    TooLarge { job_id: String, token: String },
}

impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        let is_temporary = error.is_temporary();
        match error {
            Error::Unavailable(why) => Self::Unavailable(why),
            Error::Misdirected(why) => Self::Misdirected(why),
            Error::TooLarge {
                claimed: Some((job_id, token)),
            } => Self::TooLarge { job_id, token },
            Error::TooLarge { claimed: None } => {
                Self::Misdirected("its answer is larger than 256 MiB".to_owned())
            }
            Error::Refused(Problem { code, detail, .. }) => {
                if LOST.contains(&code.as_str()) {
                    Self::LeaseLost(detail)
                } else if REJECTED.contains(&code.as_str()) {
                    Self::Rejected(detail)
                } else if is_temporary {
                    Self::Unavailable(detail)
                } else {
                    Self::Misdirected(detail)
                }
            }
        }
    }
}

#[derive(Debug, Deserialize)]
pub struct ClaimedLease {
    pub token: String,
    /// Token for the program that runs the job.
    pub job_token: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Claimed {
    pub job: Map<String, Value>,
    pub lease: ClaimedLease,
    pub items: Vec<Value>,
}

#[derive(Debug, Deserialize)]
pub struct Claims {
    pub jobs: Vec<Claimed>,
    /// Maximum bytes of a request body; servers of earlier versions do not name it.
    pub max_body_bytes: Option<usize>,
}

#[derive(Clone, Serialize)]
pub struct Wanted<'a> {
    pub worker_id: &'a str,
    /// Id of the call. The server answers a repetition of the call with the same jobs.
    pub call_id: &'a str,
    pub job_types: &'a [String],
    pub max_jobs: usize,
    pub lease_seconds: u64,
    pub wait_seconds: u64,
    pub host: &'a str,
    pub version: &'a str,
    pub job_tokens: bool,
}

#[derive(Debug, Deserialize)]
pub struct Heart {
    pub cancel_requested: bool,
    /// Present in every answer of the server, so that another answer is not taken for one.
    #[serde(rename = "lease_expires_at")]
    _lease_expires_at: String,
}

/// Job in the answer to a call that ended its attempt.
#[derive(Debug, Deserialize)]
pub struct EndedJob {
    pub job_id: String,
    pub status: String,
}

/// Client of a worker: it makes each call once, because the worker decides what follows.
pub struct Calls {
    pub client: Client,
    /// Timeout of a call. A claim may also take the time that it asks the server to wait.
    pub patience: Duration,
}

impl Calls {
    pub async fn claim(&self, wanted: &Wanted<'_>) -> Result<Claims, CallError> {
        let patience = self.patience + Duration::from_secs(wanted.wait_seconds);
        let claims: Claims = self.post("/claims", &json!(wanted), patience).await?;
        let is_ours = |claimed: &Claimed| {
            let worker = claimed.job.get("worker_id").and_then(Value::as_str);
            worker == Some(wanted.worker_id)
        };
        if claims.jobs.iter().all(is_ours) {
            Ok(claims)
        } else {
            Err(CallError::Misdirected(
                "it answered with the jobs of another worker".to_owned(),
            ))
        }
    }

    pub async fn heartbeat(
        &self,
        job_id: &str,
        token: &str,
        lease_seconds: u64,
        batch: &ReportBatch,
    ) -> Result<Heart, CallError> {
        let mut body = json!(batch);
        body["lease_token"] = token.into();
        body["lease_seconds"] = lease_seconds.into();
        let path = format!("/jobs/{}/heartbeat", segment(job_id)?);
        self.post(&path, &body, self.patience).await
    }

    /// Ends the attempt. `verb` is `complete`, `fail` or `release`. Returns the job from the
    /// response.
    pub async fn end(&self, job_id: &str, verb: &str, body: &Value) -> Result<EndedJob, CallError> {
        let path = format!("/jobs/{}/{verb}", segment(job_id)?);
        let job: EndedJob = self.post(&path, body, self.patience).await?;
        if job.job_id == job_id && job.status != "processing" {
            Ok(job)
        } else {
            Err(CallError::Misdirected(
                "it answered with another job".to_owned(),
            ))
        }
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
        patience: Duration,
    ) -> Result<T, CallError> {
        let answer = self.client.call(Method::POST, path, Some(body), patience);
        Ok(answer.await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(status: u16, code: &str) -> CallError {
        Error::Refused(Problem {
            code: code.to_owned(),
            status,
            detail: "d".to_owned(),
            retry_after: None,
        })
        .into()
    }

    #[test]
    fn the_servers_word_says_what_the_worker_can_do() {
        for code in LOST {
            assert_eq!(problem(409, code), CallError::LeaseLost("d".into()));
        }
        for code in REJECTED {
            assert_eq!(problem(409, code), CallError::Rejected("d".into()));
        }
        assert_eq!(
            problem(503, "database_unavailable"),
            CallError::Unavailable("d".into())
        );
        assert_eq!(
            problem(421, "host_refused"),
            CallError::Misdirected("d".into())
        );
    }
}
