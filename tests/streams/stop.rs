//! A server that is asked to stop does not wait for its readers.

use super::reader::Reader;
use crate::support::{Server, TestDb};
use serde_json::json;
use std::time::{Duration, Instant};

#[on_both]
async fn streams_and_held_answers_end_when_the_server_is_asked_to_stop(db: TestDb) {
    let server = Server::start(&db.url).await;
    let job: serde_json::Value = {
        let made = server
            .client
            .post(server.at("/api/v1/jobs"))
            .json(&json!({"job_type": "idea2video"}));
        made.send().await.unwrap().json().await.unwrap()
    };
    let id = job["job_id"].as_str().unwrap();
    let mut one = Reader::open(
        &server.client,
        &server.at(&format!("/api/v1/jobs/{id}/events/stream")),
        None,
    )
    .await;
    let mut all = Reader::open(&server.client, &server.at("/api/v1/events/stream"), None).await;
    one.next().await.unwrap();
    all.next().await.unwrap();
    let held = tokio::spawn(
        server
            .client
            .get(server.at(&format!("/api/v1/jobs/{id}?wait=60")))
            .send(),
    );
    // The server has the request when it answers one that came later on the same connections.
    server
        .client
        .get(server.at("/health"))
        .send()
        .await
        .unwrap();
    let began = Instant::now();
    assert_eq!(server.stop("TERM").await.code(), Some(0));
    assert!(
        began.elapsed() < Duration::from_secs(9),
        "it waited for its readers: {:?}",
        began.elapsed()
    );
    assert_eq!((one.rest().await.len(), all.rest().await.len()), (0, 0));
    // Answered, or not begun.
    if let Ok(answer) = held.await.unwrap() {
        assert_eq!(answer.status().as_u16(), 200);
    }
}
