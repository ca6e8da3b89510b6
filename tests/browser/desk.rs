//! A server, a browser, and a worker that a test plays.

use crate::support::{Chromium, Page, Server, TestDb};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub struct Desk {
    pub server: Server,
    pub db: TestDb,
    pub folder: TempDir,
}

impl Desk {
    pub async fn open() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("callsheet-browser-")
            .tempdir()
            .unwrap();
        std::fs::create_dir(folder.path().join("media")).unwrap();
        std::fs::write(folder.path().join("media/frame.svg"), FRAME).unwrap();
        let db = TestDb::empty(crate::support::Backend::Sqlite).await;
        let server = start(&db.url, folder.path(), "127.0.0.1:0").await;
        Self { server, db, folder }
    }

    /// The folder in which a browser of this test keeps what it stores.
    pub fn profile(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub async fn browser(&self) -> Chromium {
        Chromium::start(&self.profile("profile")).await
    }

    /// `kill -9`, and another one on the same port and database.
    pub async fn kill(self) -> Stopped {
        let host = self.server.url.trim_start_matches("http://").to_owned();
        self.server.kill().await;
        Stopped {
            host,
            db: self.db,
            folder: self.folder,
        }
    }

    pub fn at(&self, path: &str) -> String {
        self.server.at(path)
    }

    pub async fn call(&self, method: &str, path: &str, body: Value) -> Value {
        call(&self.server, method, path, body).await
    }

    /// A job that waits, under the id.
    pub async fn job(&self, id: &str, more: Value) -> Value {
        let mut body = json!({"job_type": "idea2video", "job_id": id, "project_title": format!("Title of {id}"), "content": "A fox rides the night train home"});
        merge(&mut body, more);
        self.call("POST", "/jobs", body).await
    }

    pub async fn start(&self, id: &str) {
        self.call(
            "POST",
            &format!("/jobs/{id}/start"),
            json!({"worker_id": "gpu-1"}),
        )
        .await;
    }

    /// A job that someone works on, under the id.
    pub async fn running(&self, id: &str) {
        self.job(id, json!({})).await;
        self.start(id).await;
    }

    /// Opens the path, and waits until what changes comes in.
    pub async fn follow(&self, page: &Page, path: &str) {
        page.open(&self.at(path)).await;
        page.until(LIVE).await;
    }

    /// The job that comes first, in the hands of the worker; answers with the token of its lease.
    pub async fn claim(&self, worker: &str) -> Value {
        let ask = json!({"worker_id": worker, "job_types": ["idea2video"], "lease_seconds": 600, "host": "render-host"});
        self.call("POST", "/claims", ask).await["jobs"][0]["lease"]["token"].clone()
    }

    pub async fn progress(&self, id: &str, percent: f64, stage: &str) {
        self.call(
            "PUT",
            &format!("/jobs/{id}/progress"),
            json!({"progress": percent, "current_stage": stage}),
        )
        .await;
    }

    pub async fn complete(&self, id: &str) {
        self.call(
            "POST",
            &format!("/jobs/{id}/complete"),
            json!({"result": {"video_path": "/media/film.mp4"}}),
        )
        .await;
    }

    /// As `complete`, of a job that leaves no film.
    pub async fn complete_bare(&self, id: &str) {
        let path = format!("/jobs/{id}/complete");
        self.call("POST", &path, json!({"result": {"scenes": 2}}))
            .await;
    }

    pub async fn fail(&self, id: &str, error: &str) {
        self.call(
            "POST",
            &format!("/jobs/{id}/fail"),
            json!({"error": error, "retryable": false}),
        )
        .await;
    }
}

/// The stream of the page is open.
pub const LIVE: &str = "document.querySelector('.chip').dataset.state === 'live'";

/// The page of a job shows so many percent.
pub fn at_percent(percent: u32) -> String {
    format!("document.querySelector('.huge').textContent.startsWith('{percent}')")
}

pub struct Stopped {
    host: String,
    db: TestDb,
    folder: TempDir,
}

impl Stopped {
    pub async fn again(self) -> Desk {
        let server = start(&self.db.url, self.folder.path(), &self.host).await;
        Desk {
            server,
            db: self.db,
            folder: self.folder,
        }
    }
}

async fn start(url: &str, folder: &Path, listen: &str) -> Server {
    let media = folder.join("media");
    Server::start_at(listen, url, &["--media-dir", media.to_str().unwrap()]).await
}

async fn call(server: &Server, method: &str, path: &str, body: Value) -> Value {
    let request = server.client.request(
        method.parse().unwrap(),
        server.at(&format!("/api/v1{path}")),
    );
    let answer = request.json(&body).send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert!(status.is_success(), "{method} {path}: {status} {text}");
    if text.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&text).unwrap()
    }
}

fn merge(into: &mut Value, more: Value) {
    if let (Some(into), Value::Object(more)) = (into.as_object_mut(), more) {
        into.extend(more);
    }
}

/// A picture that needs no encoder.
const FRAME: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 90"><rect width="160" height="90" fill="#2d6a8f"/><circle cx="112" cy="30" r="14" fill="#ffd27a"/><path d="M0 70 50 40 90 66 120 50 160 74V90H0z" fill="#123047"/></svg>"##;
