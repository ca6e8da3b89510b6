use super::*;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[test]
fn a_job_that_is_too_large_is_known_by_the_beginning_of_the_answer() {
    let answer = json!({"jobs": [{"items": ["x"]}]}).to_string();
    assert_eq!(first_claim(answer.as_bytes()), None);
    let answer = r#"{"jobs":[{"job":{"job_id":"film","content":"\"lease\":"},"lease":{"token":"t","expires_at":"x"},"items":[{"input":"#;
    assert_eq!(
        first_claim(answer.as_bytes()),
        Some(("film".to_owned(), "t".to_owned()))
    );
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_is_told_so() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("https://{}", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let _hello = connection.read(&mut [0; 512]).await.unwrap();
        connection
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
        std::future::pending::<()>().await;
    });
    let http = Http::new(server, None).unwrap();
    let call = Call {
        method: Method::POST,
        path: "/jobs/job/release",
        body: Some(&json!({})),
        idempotency_key: None,
        patience: Duration::from_secs(5),
    };
    match http.call::<Value>(call).await {
        Err(Error::Unavailable(why)) => {
            assert!(why.ends_with("so its URL may begin with http://"), "{why}")
        }
        other => panic!("{other:?}"),
    }
}
