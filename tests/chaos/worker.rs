//! A worker as a process of its own: this test binary, called with one test. Environment
//! variables say what it does.

use crate::support::setting;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::{
    fs::{File, OpenOptions},
    io::Write,
    process::Stdio,
    time::{Duration, SystemTime},
};
use tokio::process::{Child, Command};

const URLS: &str = "CALLSHEET_CHAOS_URLS";
const NAME: &str = "CALLSHEET_CHAOS_WORKER";
const LEDGER: &str = "CALLSHEET_CHAOS_LEDGER";

/// How long a worker may be silent, in seconds.
pub const LEASE: &str = "6";

/// Jobs that a worker holds at a time.
pub const HELD: usize = 2;

/// Starts the worker with this name. It writes what it does at the end of the file.
pub fn spawn(name: &str, urls: &[String], ledger: &std::path::Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "chaos::worker::a_worker_that_is_a_process",
        ])
        .env(URLS, urls.join(","))
        .env(NAME, name)
        .env(LEDGER, ledger)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

#[tokio::test]
#[ignore = "no test by itself: the processes of the chaos tests"]
async fn a_worker_that_is_a_process() {
    let set = (
        setting::<String>(URLS),
        setting(NAME),
        setting::<String>(LEDGER),
    );
    let (Some(urls), Some(name), Some(ledger)) = set else {
        return;
    };
    let urls = urls.split(',').map(str::to_owned).collect();
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(10))
        .build()
        .unwrap();
    let ledger = OpenOptions::new()
        .append(true)
        .create(true)
        .open(ledger)
        .unwrap();
    Worker {
        name,
        urls,
        client,
        ledger,
        rng: fastrand::Rng::new(),
    }
    .work()
    .await;
}

struct Worker {
    name: String,
    urls: Vec<String>,
    client: reqwest::Client,
    ledger: File,
    rng: fastrand::Rng,
}

impl Worker {
    async fn work(mut self) {
        let lease: u32 = LEASE.parse().unwrap();
        let ask = json!({
            "worker_id": self.name, "job_types": ["chaos"], "max_jobs": HELD, "lease_seconds": lease, "wait_seconds": 2,
        });
        loop {
            let (_, answer) = self.send("POST", "/claims", &ask).await;
            for claimed in answer["jobs"].as_array().cloned().unwrap_or_default() {
                self.render(&claimed).await;
            }
        }
    }

    /// `None` when the job is lost.
    async fn render(&mut self, claimed: &Value) -> Option<()> {
        let id = claimed["job"]["job_id"].as_str().unwrap();
        let token = &claimed["lease"]["token"];
        for item in claimed["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|item| item["status"] != "completed")
        {
            let key = item["key"].as_str().unwrap();
            self.note("render", id, key);
            let report = json!({"lease_token": token, "items": [{"key": key, "status": "completed", "result": {"by": self.name}}]});
            self.accepted("PATCH", &format!("/jobs/{id}/items"), &report)
                .await?;
            self.note("acknowledged", id, key);
        }
        let done = json!({"lease_token": token, "result": {"by": self.name}});
        self.accepted("POST", &format!("/jobs/{id}/complete"), &done)
            .await?;
        self.note("completed", id, "-");
        Some(())
    }

    async fn accepted(&mut self, method: &str, path: &str, body: &Value) -> Option<()> {
        let (status, answer) = self.send(method, path, body).await;
        match (status, answer["code"].as_str()) {
            (StatusCode::OK, _) => Some(()),
            (StatusCode::CONFLICT, Some("lease_lost")) => None,
            _ => panic!("{method} {path}: {status} {answer}"),
        }
    }

    /// Asks one server after the other until one answers.
    async fn send(&mut self, method: &str, path: &str, body: &Value) -> (StatusCode, Value) {
        loop {
            let url = format!(
                "{}/api/v1{path}",
                self.urls[self.rng.usize(..self.urls.len())]
            );
            let request = self.client.request(method.parse().unwrap(), url).json(body);
            if let Ok(response) = request.send().await {
                let status = response.status();
                if let (false, Ok(answer)) = (status.is_server_error(), response.json().await) {
                    return (status, answer);
                }
            }
            tokio::time::sleep(Duration::from_millis(self.rng.u64(10..60))).await;
        }
    }

    /// One line, written at once: it is there when the process is killed behind it.
    #[allow(
        clippy::disallowed_methods,
        reason = "the order in which different processes did things"
    )]
    fn note(&mut self, what: &str, job: &str, item: &str) {
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_micros();
        let line = format!("{now} {what} {job} {item}\n");
        self.ledger.write_all(line.as_bytes()).unwrap();
    }
}
