//! The claim: the call by which the worker takes jobs from the server.

use super::{
    Worker,
    client::{self, CallError},
};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

/// Maximum seconds for which the server holds a claim open until there is a job.
const WAIT_SECONDS: u64 = 20;

/// A claimed job with its lease token and its items.
pub struct Claim {
    pub id: String,
    pub job: Map<String, Value>,
    pub token: String,
    pub items: Vec<Value>,
    pub answered: Instant,
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

/// Claims up to `most` jobs. Returns none if no job became due within `WAIT_SECONDS`.
pub async fn claim(worker: &Worker, most: usize) -> Result<Vec<Claim>, CallError> {
    let wanted = client::Claim {
        worker_id: &worker.id,
        job_types: &worker.options.job_types,
        max_jobs: most,
        lease_seconds: worker.options.lease.as_secs(),
        wait_seconds: WAIT_SECONDS,
        host: &worker.host,
        version: env!("CARGO_PKG_VERSION"),
    };
    let claimed = worker.client.claim(&wanted).await?;
    let answered = Instant::now();
    worker.display.back();
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
    };
    Ok(claimed.into_iter().map(claim).collect())
}
