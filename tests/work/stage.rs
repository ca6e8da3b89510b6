//! A server with jobs, and workers that run small shell scripts.

use crate::support::{Server, TestDb, callsheet};
use serde_json::{Value, json};
use std::{path::PathBuf, process::ExitStatus, process::Stdio, time::Duration};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    sync::mpsc,
    time::{sleep, timeout},
};

/// Longer than anything takes on a loaded machine; only what hangs reaches it.
const PATIENCE: Duration = Duration::from_secs(120);

/// Between two looks at what nobody tells.
const PAUSE: Duration = Duration::from_millis(10);

/// Where programs are found: `callsheet` runs in an empty environment otherwise.
#[allow(
    clippy::disallowed_methods,
    reason = "the programs are those of whoever runs the tests"
)]
pub fn path() -> String {
    std::env::var("PATH").unwrap()
}

pub struct Stage {
    pub server: Server,
    folder: TempDir,
}

impl Stage {
    pub async fn at(db: &TestDb) -> Self {
        Self::with(db, &[]).await
    }

    pub async fn with(db: &TestDb, args: &[&str]) -> Self {
        Self::on(&db.url, args).await
    }

    pub async fn on(database_url: &str, args: &[&str]) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("callsheet-work-")
            .tempdir()
            .unwrap();
        Self {
            server: Server::start_with(database_url, args).await,
            folder,
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        let answer = self
            .server
            .client
            .post(self.server.at(&format!("/api/v1{path}")))
            .json(&body)
            .send()
            .await
            .unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// A job of the type `render`.
    pub async fn create(&self, id: &str) {
        self.post("/jobs", json!({"job_type": "render", "job_id": id}))
            .await;
    }

    pub async fn get(&self, path: &str) -> Value {
        let answer = self
            .server
            .client
            .get(self.server.at(&format!("/api/v1{path}")))
            .send()
            .await
            .unwrap();
        answer.json().await.unwrap()
    }

    pub async fn job(&self, id: &str) -> Value {
        self.get(&format!("/jobs/{id}")).await
    }

    /// Waits until the job is as it should be.
    pub async fn until(&self, id: &str, so: impl Fn(&Value) -> bool) -> Value {
        let found = async {
            loop {
                let job = self.job(id).await;
                if so(&job) {
                    return job;
                }
                sleep(PAUSE).await;
            }
        };
        timeout(PATIENCE, found)
            .await
            .unwrap_or_else(|_| panic!("the job {id} does not become so"))
    }

    /// The lines of the program that became part of the job's history.
    pub async fn log(&self, id: &str) -> Vec<String> {
        let events = self.get(&format!("/jobs/{id}/events?limit=200")).await;
        let lines = events["events"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|event| event["kind"] == "logged");
        let lines = lines.flat_map(|event| event["data"]["lines"].as_array().unwrap().clone());
        lines
            .map(|line| line.as_str().unwrap().to_owned())
            .collect()
    }

    /// A job that failed waits before its next attempt; this one does not.
    pub async fn do_not_wait(&self, id: &str) {
        let url = self.server.at(&format!("/api/v1/jobs/{id}"));
        let answer = self
            .server
            .client
            .patch(url)
            .json(&json!({"run_at": null}))
            .send()
            .await
            .unwrap();
        assert!(
            answer.status().is_success(),
            "{}",
            answer.text().await.unwrap()
        );
    }

    /// `callsheet work --type render` with a shell script for a program.
    pub fn worker(&self, args: &[&str], script: &str) -> Worker {
        self.worker_at(&self.server.url, args, &["sh", "-c", script])
    }

    pub fn worker_at(&self, server: &str, args: &[&str], program: &[&str]) -> Worker {
        let own = ["work", "--type", "render", "--server", server];
        let mut command = callsheet(&[&own, args, &["--"], program].concat());
        Worker::start(command.env("PATH", path()).current_dir(self.folder.path()))
    }
}

/// A worker as a process.
pub struct Worker {
    child: Child,
    lines: mpsc::UnboundedReceiver<String>,
}

impl Worker {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (tell, lines) = mpsc::unbounded_channel();
        follow(child.stdout.take().unwrap(), tell.clone());
        follow(child.stderr.take().unwrap(), tell);
        Self { child, lines }
    }

    pub fn pid(&self) -> u32 {
        self.child.id().expect("the worker runs")
    }

    /// Waits for a line with this in it.
    pub async fn says(&mut self, part: &str) -> String {
        let mut said = Vec::new();
        let found = async {
            while let Some(line) = self.lines.recv().await {
                if line.contains(part) {
                    return Some(line);
                }
                said.push(line);
            }
            None
        };
        match timeout(PATIENCE, found).await {
            Ok(Some(line)) => line,
            _ => panic!("it did not say {part:?}, but: {said:#?}"),
        }
    }

    /// Waits for lines with these in them, in whatever order: standard output and standard error
    /// are two pipes.
    pub async fn says_all(&mut self, parts: &[&str]) {
        let (mut missing, mut said) = (parts.to_vec(), Vec::new());
        let found = async {
            while !missing.is_empty() {
                let Some(line) = self.lines.recv().await else {
                    return;
                };
                missing.retain(|part| !line.contains(part));
                said.push(line);
            }
        };
        let _ = timeout(PATIENCE, found).await;
        assert!(
            missing.is_empty(),
            "it did not say {missing:?}, but: {said:#?}"
        );
    }

    pub async fn signal(&self, signal: &str) {
        send(signal, self.pid()).await;
    }

    pub async fn ends(&mut self) -> ExitStatus {
        timeout(PATIENCE, self.child.wait())
            .await
            .expect("the worker ends")
            .unwrap()
    }

    /// Asks it to stop, and it does so in order.
    pub async fn stop(mut self) {
        self.signal("TERM").await;
        assert_eq!(self.ends().await.code(), Some(0));
    }

    /// `kill -9`.
    pub async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }
}

fn follow(pipe: impl AsyncRead + Send + Unpin + 'static, tell: mpsc::UnboundedSender<String>) {
    tokio::spawn(async move {
        let mut lines = BufReader::new(pipe).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let _ = tell.send(line);
        }
    });
}

pub async fn send(signal: &str, pid: u32) {
    let sent = Command::new("kill")
        .args(["-s", signal, &pid.to_string()])
        .status()
        .await
        .unwrap();
    assert!(sent.success(), "kill -s {signal} {pid}");
}

/// What nobody tells is looked for again and again.
pub async fn eventually<T>(look: impl Fn() -> Option<T>) -> T {
    let found = async {
        loop {
            if let Some(found) = look() {
                return found;
            }
            sleep(PAUSE).await;
        }
    };
    timeout(PATIENCE, found).await.expect("it becomes so")
}

/// The state of a process as the kernel tells it, e.g. `S` or `T`; `None` when it is gone, waited
/// for or not.
pub fn state(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?
        .1
        .chars()
        .next()
        .filter(|state| !matches!(state, 'Z' | 'X'))
}

/// The ids that a script wrote down, one a line.
pub fn pids(text: &str) -> Vec<u32> {
    text.lines().map(|line| line.parse().unwrap()).collect()
}

pub async fn gone(pids: &[u32]) {
    eventually(|| pids.iter().all(|pid| state(*pid).is_none()).then_some(())).await;
}
