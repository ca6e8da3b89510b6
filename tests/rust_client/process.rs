//! The example of the package as a process.

use crate::{
    support::{Server, TestDb},
    work::stage::{Worker, eventually, path},
};
use callsheet_client::{Client, ItemStatus, JobStatus, NewItem, NewJob};
use serde_json::Value;
use std::{env, fs, os::unix::fs::PermissionsExt, path::PathBuf};
use tempfile::TempDir;
use tokio::process::Command;

/// Writes down the file that it is asked for, and takes its time from the fourth on.
const FFMPEG: &str = r#"#!/bin/sh
for file; do :; done
echo "$file" >> rendered
[ -e go ] || [ "$(wc -l < rendered)" -lt 4 ] || exec sleep 1000
echo film > "$file"
"#;

fn example() -> PathBuf {
    let profile = env::current_exe().unwrap();
    let file = profile.ancestors().nth(2).unwrap().join("examples/worker");
    assert!(
        file.exists(),
        "{} is missing: run `cargo build --package callsheet-client --examples`",
        file.display()
    );
    file
}

fn start(server: &Server, folder: &TempDir) -> Worker {
    let bin = folder.path().join("bin");
    let mut command = Command::new(example());
    command
        .arg("2")
        .env_clear()
        .env("CALLSHEET_SERVER", &server.url)
        .env("PATH", format!("{}:{}", bin.display(), path()))
        .current_dir(folder.path())
        .kill_on_drop(true);
    Worker::start(&mut command)
}

#[on_both]
async fn of_ten_shots_a_worker_killed_at_the_fourth_leaves_seven(db: TestDb) {
    let server = Server::start(&db.url).await;
    let folder = tempfile::tempdir().unwrap();
    let ffmpeg = folder.path().join("bin/ffmpeg");
    fs::create_dir(folder.path().join("bin")).unwrap();
    fs::write(&ffmpeg, FFMPEG).unwrap();
    fs::set_permissions(&ffmpeg, fs::Permissions::from_mode(0o755)).unwrap();
    let client = Client::new(server.url.parse().unwrap(), None).unwrap();
    let item = |n| NewItem {
        key: format!("shot-{n}"),
        input: Value::Null,
    };
    let new = NewJob {
        job_id: Some("film".into()),
        items: Some((1..=10).map(item).collect()),
        ..NewJob::new("clips")
    };
    client.create_job(&new).await.unwrap();
    let rendered = || fs::read_to_string(folder.path().join("rendered")).unwrap_or_default();

    let mut worker = start(&server, &folder);
    eventually(|| (rendered().lines().count() == 4).then_some(())).await;
    worker.kill().await;
    let items = client.items("film").await.unwrap();
    let done = items.iter().filter(|i| i.status == ItemStatus::Completed);
    assert_eq!(done.count(), 3);

    fs::write(folder.path().join("go"), "").unwrap();
    let mut worker = start(&server, &folder);
    // Another attempt follows when the lease has run out, after a pause that grows with attempts.
    worker.says("film started, attempt 2").await;
    let job = client.wait("film").await.unwrap();
    assert_eq!((job.status, job.attempt), (JobStatus::Completed, 2));
    assert_eq!(rendered().lines().count(), 4 + 7, "{}", rendered());
    worker.says("film ended and is completed").await;
    worker.stop().await;
}
