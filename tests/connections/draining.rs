//! A server that is about to stop: it answers, and readiness sends new requests elsewhere.

use super::served;
use crate::support::Patience;
use serde_json::{Value, json};

async fn status_of(served: &super::Served, path: &str) -> (u16, Value) {
    let answer = served.server.client.get(served.server.at(path)).send();
    let answer = answer.await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn after_sigterm_it_answers_for_its_drain_seconds_while_readiness_fails() {
    let served = served(&["--drain-seconds", "600"]).await;
    assert_eq!(status_of(&served, "/health/ready").await.0, 200);
    served.server.signal("TERM").await;
    let patience = Patience::begin();
    let code = loop {
        let (status, answer) = status_of(&served, "/health/ready").await;
        if status != 200 {
            break answer["code"].clone();
        }
        patience.pause("readiness fails").await;
    };
    assert_eq!(code, "draining");
    assert_eq!(status_of(&served, "/health/live").await.0, 200);
    let made = served.server.client.post(served.server.at("/api/v1/jobs"));
    let made = made.json(&json!({"job_type": "idea2video"})).send();
    assert_eq!(made.await.unwrap().status(), 201);
    let ended = served.server.stop("TERM").await;
    assert_eq!(ended.code(), Some(143), "a second signal ends it at once");
}

#[tokio::test]
async fn it_stops_when_its_drain_seconds_are_over() {
    let served = served(&["--drain-seconds", "1"]).await;
    assert_eq!(served.server.stop("TERM").await.code(), Some(0));
}
