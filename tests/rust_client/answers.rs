//! Calls of the package, and what goes wrong with them.

use crate::support::{Server, TestDb};
use callsheet_client::{Client, Error, JobFilter, JobStatus, NewItem, NewJob};
use serde_json::json;
use std::{collections::HashSet, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

fn client(url: &str) -> Client {
    Client::new(url.parse().unwrap(), None)
        .unwrap()
        .retry_for(Duration::ZERO)
}

#[on_both]
async fn a_job_is_created_listed_cancelled_retried_and_deleted(db: TestDb) {
    let server = Server::start(&db.url).await;
    let client = client(&server.url);
    let new = |n: usize| NewJob {
        job_id: Some(format!("film:{n}")),
        content: Some("A fox".into()),
        items: Some(vec![NewItem {
            key: "one".into(),
            input: json!({"seconds": 2}),
        }]),
        ..NewJob::new("render")
    };
    for n in 0..5 {
        let job = client.create_job(&new(n)).await.unwrap();
        assert_eq!((job.status, job.version), (JobStatus::Queued, 1));
    }
    let mut filter = JobFilter {
        job_types: vec!["render".into()],
        statuses: vec![JobStatus::Queued],
        limit: Some(2),
        ..JobFilter::default()
    };
    let mut found = HashSet::new();
    loop {
        let page = client.jobs(&filter).await.unwrap();
        found.extend(page.jobs.into_iter().map(|listed| listed.job.job_id));
        match page.next_cursor {
            Some(cursor) => filter.cursor = Some(cursor),
            None => break,
        }
    }
    assert_eq!(found.len(), 5);
    let items = client.items("film:0").await.unwrap();
    assert_eq!((items.len(), &items[0].input), (1, &json!({"seconds": 2})));
    let job = client.cancel("film:0", Some("not needed")).await.unwrap();
    assert_eq!(job.status, JobStatus::Cancelled);
    assert_eq!(client.wait("film:0").await.unwrap().status, job.status);
    let job = client.retry("film:0").await.unwrap();
    assert_eq!(job.status, JobStatus::Queued);
    client.cancel("film:0", None).await.unwrap();
    client.delete("film:0").await.unwrap();
    let gone = client.job("film:0").await.unwrap_err();
    assert_eq!(gone.code(), Some("job_not_found"));
    assert_eq!(
        client.job("..").await.unwrap_err().code(),
        Some("job_not_found")
    );
    let refused = client.create_job(&NewJob::new("")).await.unwrap_err();
    assert_eq!(refused.code(), Some("invalid_request"));
    assert!(refused.to_string().contains("job_type"), "{refused}");
}

#[tokio::test]
async fn an_address_where_nobody_listens_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = client(&url).job("a").await.unwrap_err();
    assert!(error.is_temporary(), "{error:?}");
    assert!(error.to_string().contains("refused"), "{error}");
}

/// Answers calls with these responses, one a connection, and returns what was sent.
async fn answers(responses: Vec<String>) -> (String, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let mut sent = Vec::new();
        for response in responses {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 64 << 10];
            let length = connection.read(&mut request).await.unwrap();
            sent.push(String::from_utf8_lossy(&request[..length]).into_owned());
            connection.write_all(response.as_bytes()).await.unwrap();
            connection.shutdown().await.unwrap();
        }
        sent
    });
    (url, server)
}

fn response(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn a_create_is_repeated_with_the_same_idempotency_key() {
    let away = response("502 Bad Gateway", "<html>gone</html>");
    let problem = json!({"type": "/problems/job_exists", "code": "job_exists", "detail": "d"});
    let taken = response("409 Conflict", &problem.to_string());
    let (url, server) = answers(vec![away, taken]).await;
    let client = Client::new(url.parse().unwrap(), Some("secret")).unwrap();
    let error = client.create_job(&NewJob::new("a")).await.unwrap_err();
    assert_eq!(error.code(), Some("job_exists"));
    let keys: HashSet<String> = server
        .await
        .unwrap()
        .iter()
        .map(|request| {
            assert!(request.contains("Bearer secret"), "{request}");
            let mut lines = request.lines();
            let key = lines.find(|line| line.to_lowercase().starts_with("idempotency-key:"));
            key.unwrap().to_owned()
        })
        .collect();
    assert_eq!(keys.len(), 1, "{keys:?}");
}

#[tokio::test]
async fn what_is_not_callsheet_is_told_so() {
    for (status, body) in [("200 OK", "<html>hello</html>"), ("404 Not Found", "gone")] {
        let (url, _server) = answers(vec![response(status, body)]).await;
        let error = client(&url).job("a").await.unwrap_err();
        assert!(matches!(error, Error::Misdirected(_)), "{error:?}");
        assert!(!error.is_temporary());
    }
    for bad in ["127.0.0.1:3001", "http://user:password@a"] {
        assert!(bad.parse::<callsheet_client::Server>().is_err());
    }
    let key = Client::new("http://127.0.0.1:1".parse().unwrap(), Some("a\nb")).err();
    assert!(key.unwrap().to_string().contains("visible ASCII"));
}
