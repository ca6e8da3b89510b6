//! Clients that take their time: what they hold is given up, and what is under way is not.

use super::{LIVE, head, served, until_its_end};
use serde_json::json;
use tokio::io::AsyncWriteExt;

const SHORT: [&str; 4] = ["--header-timeout", "1", "--idle-timeout", "1"];

#[tokio::test]
async fn a_header_that_does_not_come_to_its_end_ends_the_connection() {
    let served = served(&["--header-timeout", "1"]).await;
    for sent in [
        "",
        "G",
        "GET / HTTP/1.1\r\nHost: local",
        "PRI * HTTP/2.0\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let mut connection = served.sent(sent.as_bytes()).await;
        let answer = until_its_end(&mut connection).await;
        assert!(!answer.contains("200 OK"), "{sent:?}: {answer}");
    }
    let mut connection = served.used().await;
    connection.write_all(b"GET /hea").await.unwrap();
    assert_eq!(
        until_its_end(&mut connection).await,
        "",
        "the header of a second request has the same limit"
    );
}

#[tokio::test]
async fn an_idle_connection_ends_and_one_with_a_stream_or_a_waiting_worker_does_not() {
    let served = served(&SHORT).await;
    let stream = served
        .server
        .client
        .get(served.server.at("/api/v1/events/stream"))
        .send();
    let mut stream = stream.await.unwrap();
    let claim = json!({"worker_id": "w", "job_types": ["a"], "max_jobs": 1, "wait_seconds": 5});
    let claim = served
        .server
        .client
        .post(served.server.at("/api/v1/claims"))
        .json(&claim)
        .send();
    let claim = tokio::spawn(claim);
    // Each of them lasts longer than any limit of the server.
    for _ in 0..3 {
        assert_eq!(until_its_end(&mut served.used().await).await, "");
    }
    let made = served
        .server
        .client
        .post(served.server.at("/api/v1/jobs"))
        .json(&json!({"job_type": "a"}))
        .send();
    assert_eq!(made.await.unwrap().status(), 201);
    let claims = claim
        .await
        .unwrap()
        .unwrap()
        .json::<serde_json::Value>()
        .await
        .unwrap();
    assert_eq!(claims["jobs"].as_array().map(Vec::len), Some(1), "{claims}");
    let mut heard = String::new();
    while !heard.contains("event: change") {
        heard.push_str(&String::from_utf8_lossy(
            &stream.chunk().await.unwrap().expect("the stream goes on"),
        ));
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_refused_and_its_connection_ends() {
    let served = served(&["--body-timeout", "1"]).await;
    for path in ["/api/v1/jobs", "/api/v1/imports"] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: \
            application/json\r\nContent-Length: 4000\r\n\r\n{{"
        );
        let answer = until_its_end(&mut served.sent(head.as_bytes()).await).await;
        assert!(
            answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"body_too_slow\""),
            "{path}: {answer}"
        );
    }
    let chunked = "POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                   Transfer-Encoding: chunked\r\n\r\n2\r\n{";
    let answer = until_its_end(&mut served.sent(chunked.as_bytes()).await).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test]
async fn a_connection_serves_one_request_after_the_other_within_the_limits() {
    let served = served(&SHORT).await;
    let mut connection = served.used().await;
    for _ in 0..3 {
        connection.write_all(LIVE).await.unwrap();
        assert!(head(&mut connection).await.starts_with("HTTP/1.1 200"));
    }
}
