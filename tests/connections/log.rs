//! A log that nobody takes: the server does its work, and counts the lines.

use super::{PATIENCE, database};
use crate::support::callsheet;
use serde_json::Value;
use std::{
    fs::{File, OpenOptions},
    io::{PipeReader, pipe},
    process::Stdio,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    time::timeout,
};

/// Requests, each with a line of the log: more than a pipe takes.
const MANY: usize = 2000;

/// Serves with this standard error, sends many requests, and returns the last word on the server's
/// health.
async fn health_with(stderr: impl Into<Stdio>, then: impl FnOnce()) -> Value {
    let (_folder, url) = database();
    let args = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--database-url",
        &url,
        "--log",
        "callsheet=debug",
    ];
    let mut child = callsheet(&args)
        .stdout(Stdio::piped())
        .stderr(stderr)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = timeout(PATIENCE, lines.next_line())
        .await
        .expect("it says where it listens")
        .unwrap()
        .unwrap();
    let url = line
        .split_whitespace()
        .find(|word| word.starts_with("http://"))
        .unwrap()
        .to_owned();
    then();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for _ in 0..MANY {
        let answer = timeout(PATIENCE, client.get(format!("{url}/health/live")).send())
            .await
            .expect("an answer");
        assert_eq!(answer.unwrap().status(), 200);
    }
    let health = client.get(format!("{url}/health")).send().await.unwrap();
    assert_eq!(health.status(), 200);
    let health = health.json().await.unwrap();
    let pid = child.id().unwrap().to_string();
    assert!(
        Command::new("kill")
            .args(["-s", "TERM", &pid])
            .status()
            .await
            .unwrap()
            .success()
    );
    assert_eq!(
        timeout(PATIENCE, child.wait())
            .await
            .expect("it ends")
            .unwrap()
            .code(),
        Some(0)
    );
    health
}

fn dropped(health: &Value) -> u64 {
    health["dropped_log_lines"].as_u64().unwrap()
}

#[tokio::test]
async fn a_full_disk_behind_the_log_costs_its_lines_and_nothing_else() {
    let full: File = OpenOptions::new().write(true).open("/dev/full").unwrap();
    assert!(dropped(&health_with(full, || {}).await) >= MANY as u64 / 2);
}

#[tokio::test]
async fn a_log_whose_reader_has_gone_costs_its_lines_and_nothing_else() {
    let (reader, writer) = pipe().unwrap();
    assert!(dropped(&health_with(writer, || drop(reader)).await) >= MANY as u64 / 2);
}

#[tokio::test]
async fn a_log_whose_reader_takes_nothing_blocks_no_request() {
    let (reader, writer): (PipeReader, _) = pipe().unwrap();
    health_with(writer, || {}).await;
    drop(reader);
}
