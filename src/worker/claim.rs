//! Asking for jobs.

use super::{
    Worker,
    client::{self, Trouble},
};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

/// How long the server holds a claim until there is work.
const WAIT_SECONDS: u64 = 20;

/// A job that this worker holds.
pub struct Claim {
    pub id: String,
    pub job: Map<String, Value>,
    pub token: String,
    pub items: Vec<Value>,
    pub answered: Instant,
}

impl Claim {
    /// What the program is given on standard input: one line.
    pub fn input(&self) -> String {
        let mut line = json!({"job": self.job, "items": self.items}).to_string();
        line.push('\n');
        line
    }

    /// What a shell script need not take out of JSON.
    pub fn environment(&self, worker: &Worker) -> [(&'static str, String); 6] {
        [
            ("CALLSHEET_JOB_ID", self.id.clone()),
            ("CALLSHEET_JOB_TYPE", self.text("job_type")),
            ("CALLSHEET_ATTEMPT", self.number("attempt").to_string()),
            ("CALLSHEET_MAX_ATTEMPTS", self.number("max_attempts").to_string()),
            ("CALLSHEET_WORKER_ID", worker.id.clone()),
            ("CALLSHEET_SERVER", worker.options.server.to_string()),
        ]
    }

    pub fn text(&self, name: &str) -> String {
        self.job.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    pub fn number(&self, name: &str) -> i64 {
        self.job.get(name).and_then(Value::as_i64).unwrap_or_default()
    }
}

/// Up to so many jobs; none when no work came meanwhile.
pub async fn claim(worker: &Worker, most: usize) -> Result<Vec<Claim>, Trouble> {
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
        id: claimed.job.get("job_id").and_then(Value::as_str).unwrap_or_default().to_owned(),
        job: claimed.job,
        token: claimed.lease.token,
        items: claimed.items,
        answered,
    };
    Ok(claimed.into_iter().map(claim).collect())
}
