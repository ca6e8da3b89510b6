//! A full disk, as a real one: a small file system in memory, in a namespace that ends with the
//! server.

use crate::support::Server;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::process::Stdio;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// A server whose database lies on a file system of 6 MB.
struct Small {
    server: Server,
    folder: TempDir,
    /// Keeps the namespace, and the file system with it, while servers come and go.
    keeper: Child,
}

impl Small {
    async fn start() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("callsheet-full-")
            .tempdir()
            .unwrap();
        let keeper = Self::keeper(folder.path().to_str().unwrap()).await;
        let server = Server::start_behind(&inside(&keeper), &Self::url(&folder)).await;
        Self {
            server,
            folder,
            keeper,
        }
    }

    /// A process in a namespace of its own that has mounted the file system, and ends with the
    /// test.
    async fn keeper(folder: &str) -> Child {
        let mount = format!("mount -t tmpfs -o size=6m tmpfs {folder} && echo mounted && exec cat");
        let mut unshare = Command::new("unshare");
        unshare.args(if is_root() {
            &["--mount"][..]
        } else {
            &["--user", "--map-root-user", "--mount"]
        });
        unshare
            .args(["sh", "-c", &mount])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let mut keeper = unshare.spawn().unwrap();
        let mut said = BufReader::new(keeper.stdout.as_mut().unwrap()).lines();
        assert_eq!(
            said.next_line().await.unwrap().as_deref(),
            Some("mounted"),
            "a tmpfs cannot be mounted"
        );
        keeper
    }

    fn url(folder: &TempDir) -> String {
        format!("sqlite://{}", folder.path().join("jobs.db").display())
    }

    /// Gives the file system another size.
    async fn resize(&self, size: &str) {
        let mut command = inside(&self.keeper);
        command.extend(["mount", "-o", &format!("remount,size={size}")].map(str::to_owned));
        command.push(self.folder.path().to_str().unwrap().to_owned());
        let status = Command::new(&command[0])
            .args(&command[1..])
            .status()
            .await
            .unwrap();
        assert!(status.success(), "{command:?}");
    }

    /// `kill -9`, and a new server on the same file system.
    async fn restart(self) -> Self {
        let Self {
            server,
            folder,
            keeper,
        } = self;
        server.kill().await;
        let server = Server::start_behind(&inside(&keeper), &Self::url(&folder)).await;
        Self {
            server,
            folder,
            keeper,
        }
    }

    /// Fills the disk with jobs; the ids of those that were answered, and the answer that refused
    /// the last one.
    async fn fill(&self) -> (Vec<String>, reqwest::Response) {
        let mut created = Vec::new();
        loop {
            let answer = self.create(20_000).await;
            match answer.status() {
                StatusCode::CREATED => created.push(id_of(answer).await),
                _ => return (created, answer),
            }
        }
    }

    async fn create(&self, bytes: usize) -> reqwest::Response {
        let body = json!({"job_type": "idea2video", "content": "x".repeat(bytes)});
        self.server
            .client
            .post(self.server.at("/api/v1/jobs"))
            .json(&body)
            .send()
            .await
            .unwrap()
    }

    async fn get(&self, path: &str) -> StatusCode {
        self.server
            .client
            .get(self.server.at(path))
            .send()
            .await
            .unwrap()
            .status()
    }

    /// What was answered is read from the database, and not from memory.
    async fn are_there(&self, ids: &[String]) {
        for id in ids {
            assert_eq!(
                self.get(&format!("/api/v1/jobs/{id}")).await,
                StatusCode::OK,
                "{id} was answered, and is lost"
            );
        }
    }
}

fn is_root() -> bool {
    rustix::process::getuid().is_root()
}

/// What a command that runs beside the keeper begins with.
fn inside(keeper: &Child) -> Vec<String> {
    let pid = keeper.id().unwrap().to_string();
    let mut command = ["nsenter", "--target", &pid, "--mount"]
        .map(str::to_owned)
        .to_vec();
    if !is_root() {
        command.extend(["--user", "--preserve-credentials"].map(str::to_owned));
    }
    command
}

async fn id_of(answer: reqwest::Response) -> String {
    let job: Value = answer.json().await.unwrap();
    job["job_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_full_disk_refuses_with_507_and_loses_nothing_that_is_answered_during_and_after() {
    let small = Small::start().await;
    let (mut created, refused) = small.fill().await;
    assert!(!created.is_empty());
    assert_eq!(refused.status(), StatusCode::INSUFFICIENT_STORAGE);
    assert!(refused.headers().contains_key("retry-after"));
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["code"], "disk_full");
    assert_eq!(
        small.get("/health/ready").await,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(small.get("/health/live").await, StatusCode::OK);
    assert_eq!(
        small.get("/api/v1/jobs?limit=1").await,
        StatusCode::OK,
        "reads go on"
    );

    small.resize("100m").await;
    created.push(id_of(small.create(10).await).await);
    // A write that is refused by a rule is rolled back: what goes on behind a failed commit shows
    // here.
    let patch = small
        .server
        .client
        .patch(small.server.at("/api/v1/jobs/nobody"))
        .json(&json!({"priority": 1}));
    assert_eq!(patch.send().await.unwrap().status(), StatusCode::NOT_FOUND);
    for _ in 0..50 {
        let answer = small.create(10).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
        created.push(id_of(answer).await);
    }
    small.are_there(&created).await;
    // It heals by itself; an outcome serves those who ask for a second.
    while small.get("/health/ready").await != StatusCode::OK {}

    // Once more, and killed while the disk is full.
    small.resize("7m").await;
    let (more, _) = small.fill().await;
    created.extend(more);
    let small = small.restart().await;
    small.are_there(&created).await;
}
