//! The same work over HTTP, with the released server as a process of its own.

use crate::work::Way;
use serde_json::{Value, json};
use std::{ops::Range, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

pub struct Http {
    client: reqwest::Client,
    api: String,
    /// Killed when this is dropped.
    _server: Child,
}

impl Http {
    pub async fn serve(url: &str) -> Self {
        let mut server = Command::new(env!("CARGO_BIN_EXE_callsheet"))
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--max-body-bytes",
                "16777216",
                "--database-url",
                url,
            ])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let line = lines
            .next_line()
            .await
            .unwrap()
            .expect("it says where it listens");
        let api = format!("{}/api/v1", line.rsplit(' ').next().unwrap());
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            client,
            api,
            _server: server,
        }
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let answer = self
            .client
            .post(format!("{}{path}", self.api))
            .json(&body)
            .send()
            .await
            .unwrap();
        assert!(
            answer.status().is_success(),
            "{}",
            answer.text().await.unwrap()
        );
        answer.json().await.unwrap()
    }
}

impl Way for Http {
    type Held = Value;

    async fn create(&self, jobs: Range<usize>) {
        let job = |n: usize| {
            json!({
                "job_type": "bench", "content": format!("Idea {n}: a fox learns to ride the night \
                train home"),
                "project_title": "Night train",
            })
        };
        self.post(
            "/jobs/bulk",
            json!({"jobs": jobs.map(job).collect::<Vec<_>>()}),
        )
        .await;
    }

    async fn claim(&self, jobs: usize) -> Vec<Value> {
        let ask = json!({"worker_id": "bench", "job_types": ["bench"], "max_jobs": jobs, "lease_seconds": 600});
        let mut claimed = self.post("/claims", ask).await;
        let outcome = |job: &Value| json!({"job_id": job["job"]["job_id"], "lease_token": job["lease"]["token"], "outcome": "completed"});
        claimed["jobs"]
            .take()
            .as_array()
            .unwrap()
            .iter()
            .map(outcome)
            .collect()
    }

    async fn complete(&self, held: Vec<Value>) {
        self.post("/outcomes", json!({"outcomes": held})).await;
    }
}
