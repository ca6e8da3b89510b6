//! Uploads: few at once, none that fills a disk, and nothing left behind.

use crate::support::{Backend, Server, TestDb};
use futures_util::StreamExt;
use reqwest::StatusCode;
use serde_json::Value;
use std::{path::Path, time::Duration};
use tokio::sync::mpsc;

/// An upload that goes on until its sender is dropped.
fn upload(
    server: &Server,
) -> (
    mpsc::UnboundedSender<&'static str>,
    tokio::task::JoinHandle<reqwest::Result<reqwest::Response>>,
) {
    let (pieces, mut rest) = mpsc::unbounded_channel();
    let body = futures_util::stream::poll_fn(move |context| rest.poll_recv(context))
        .map(Ok::<_, std::io::Error>);
    let call = server
        .client
        .post(server.at("/api/v1/imports"))
        .header("content-type", "application/json");
    let answer = tokio::spawn(call.body(reqwest::Body::wrap_stream(body)).send());
    pieces.send("[").unwrap();
    (pieces, answer)
}

fn left(temporary: &Path) -> usize {
    temporary.read_dir().unwrap().count()
}

async fn until_left(temporary: &Path, wanted: usize) {
    for _ in 0..6000 {
        if left(temporary) == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!(
        "{} folders are there, {wanted} were expected",
        left(temporary)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_are_received_at_once_and_one_that_breaks_off_leaves_nothing() {
    let (temporary, t) = (
        tempfile::tempdir().unwrap(),
        TestDb::migrated(Backend::Sqlite).await,
    );
    let server = Server::start_beside(temporary.path(), &t.url, &[]).await;
    let uploads: Vec<_> = (0..4).map(|_| upload(&server)).collect();
    until_left(temporary.path(), 4).await;
    let (pieces, answer) = upload(&server);
    let answer = answer.await.unwrap().unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "overloaded");
    drop(pieces);
    for (n, (pieces, answer)) in uploads.into_iter().enumerate() {
        match n {
            0 => {
                pieces.send("]").unwrap();
                drop(pieces);
                assert_eq!(
                    answer.await.unwrap().unwrap().status(),
                    StatusCode::ACCEPTED
                );
            }
            _ => answer.abort(),
        }
    }
    until_left(temporary.path(), 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_nearly_full_takes_no_upload() {
    let (temporary, t) = (
        tempfile::tempdir().unwrap(),
        TestDb::migrated(Backend::Sqlite).await,
    );
    let free = i64::MAX.to_string();
    let server =
        Server::start_beside(temporary.path(), &t.url, &["--min-free-disk-bytes", &free]).await;
    let call = server
        .client
        .post(server.at("/api/v1/imports"))
        .header("content-type", "application/json");
    let answer = call.body("[]").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::INSUFFICIENT_STORAGE);
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "disk_full");
    until_left(temporary.path(), 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_server_left_is_taken_away_by_the_next() {
    let (temporary, t) = (
        tempfile::tempdir().unwrap(),
        TestDb::migrated(Backend::Sqlite).await,
    );
    let server = Server::start_beside(temporary.path(), &t.url, &[]).await;
    let other = Server::start_beside(temporary.path(), &t.url, &[]).await;
    let (of_one, of_other) = (upload(&server), upload(&other));
    until_left(temporary.path(), 2).await;
    server.kill().await;
    let server = Server::start_beside(temporary.path(), &t.url, &[]).await;
    assert_eq!(left(temporary.path()), 1);
    drop((of_one, of_other));
    assert!(server.stop("TERM").await.success());
}
