//! Two servers as processes that share a PostgreSQL and a Redis, and what they say about it.

use crate::{
    cli::run::Desk,
    streams::reader::Reader,
    support::{Backend, Fixture, Patience, Server, TestApp, TestRedis},
};
use reqwest::header::{ETAG, IF_NONE_MATCH};
use serde_json::{Value, json};

async fn health(server: &Server) -> Value {
    let answer = server.client.get(server.at("/health")).send().await;
    answer.unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_jumps_names_its_etag_and_a_stream_at_the_other_server_is_woken() {
    let app = TestApp::set_up(Backend::Postgres).await;
    let redis = TestRedis::empty().await;
    let flags = ["--redis-url", &redis.url, "--notify-by", "redis"];
    let (a, b) = (
        Server::start_with(&app.db.url, &flags).await,
        Server::start_with(&app.db.url, &flags).await,
    );
    let client = a.client.clone();
    let mut stream = Reader::open(&client, &b.at("/api/v1/events/stream"), None).await;
    let id = "of-two";
    let new = json!({"job_type": "idea2video", "job_id": id});
    let made = client.post(a.at("/api/v1/jobs")).json(&new).send().await;
    assert_eq!(made.unwrap().status(), 201);
    let told = loop {
        let message = stream.next().await.expect("the stream goes on");
        if message.event == "change" {
            break message;
        }
    };
    assert_eq!(told.job(), id);
    let path = format!("/api/v1/jobs/{id}");
    for priority in 1..=50 {
        let patch = json!({"priority": priority});
        let patched = client.patch(a.at(&path)).json(&patch).send().await.unwrap();
        let tag = patched.headers()[ETAG].clone();
        let read = client.get(b.at(&path)).header(IF_NONE_MATCH, &tag);
        let read = read.send().await.unwrap();
        assert_eq!((read.status().as_u16(), &read.headers()[ETAG]), (304, &tag));
        let own: Value = client
            .get(a.at(&path))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!(own["priority"], priority, "behind its own write");
    }
    let patience = Patience::begin();
    let mut sources = std::collections::BTreeSet::new();
    while !["memory", "redis", "database"]
        .iter()
        .all(|one| sources.contains(*one))
    {
        for server in [&a, &b] {
            let read = client.get(server.at(&path)).send().await.unwrap();
            let source = read.headers()["callsheet-source"].to_str().unwrap();
            sources.insert(source.to_owned());
        }
        patience.pause("the job comes from each place").await;
    }
    let patience = Patience::begin();
    while health(&a).await["cache"]["redis"]["status"] != "ok" {
        patience.pause("Redis is up").await;
    }
    let metrics = client.get(a.at("/metrics")).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(metrics.contains("callsheet_redis_hits_total "), "{metrics}");
    for server in [a, b] {
        assert_eq!(server.stop("TERM").await.code(), Some(0));
    }
    app.tear_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_starts_without_its_redis_and_does_not_repeat_itself() {
    let app = TestApp::set_up(Backend::Postgres).await;
    let url = "redis://:hunter2@127.0.0.1:1/0";
    let mut server = Server::start_with(&app.db.url, &["--redis-url", url]).await;
    let job = app.queued().await;
    let read = server
        .client
        .get(server.at(&format!("/api/v1/jobs/{}", job.id)));
    let read = read.send().await.unwrap();
    assert_eq!(read.headers()["callsheet-source"], "database");
    let health = health(&server).await;
    assert_eq!(health["status"], "degraded");
    assert_eq!(health["cache"]["redis"]["status"], "away");
    assert!(health["cache"]["redis"]["since"].is_string());
    server.signal("TERM").await;
    let mut lines = Vec::new();
    while let Some(line) = server.lines.recv().await {
        lines.push(line);
    }
    let of_redis = lines.iter().filter(|line| line.contains("Redis is away"));
    assert_eq!(of_redis.count(), 0, "it was said at the start: {lines:?}");
    let text = lines.concat();
    assert!(!text.contains("hunter2"), "{text}");
    app.tear_down().await;
}

#[tokio::test]
async fn redis_is_refused_where_it_is_of_no_use() {
    let desk = Desk::new();
    for (arguments, names) in [
        (&["--redis-url", "redis://127.0.0.1:6379"][..], "redis_url"),
        (&["--notify-by", "redis"], "notify_by"),
        (&["--notify-by", "postgres"], "notify_by"),
        (
            &[
                "--database-url",
                "postgres://h/d",
                "--redis-url",
                "rediss://h",
            ],
            "redis_url",
        ),
        (
            &["--database-url", "postgres://h/d", "--redis-url", "hunter2"],
            "redis_url",
        ),
    ] {
        let said = desk.run(&[&["serve"], arguments].concat()).await;
        assert_eq!(said.code, 2, "{said:?}");
        let expected = format!("the setting {names} is wrong: ");
        assert!(said.err.contains(&expected), "{said:?}");
        assert!(!said.err.contains("hunter2"), "{said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_warns_of_a_redis_that_cannot_be_reached_and_of_no_other() {
    let app = TestApp::set_up(Backend::Postgres).await;
    let redis = TestRedis::empty().await;
    for (url, is_found) in [
        ("redis://:hunter2@127.0.0.1:1/0", true),
        (&redis.url, false),
    ] {
        let desk = Desk::at(&app.db).with("CALLSHEET_REDIS_URL", url);
        let said = desk.run(&["doctor", "--json"]).await;
        assert!(!said.out.contains("hunter2"), "{said:?}");
        let report: Value = serde_json::from_str(&said.out).unwrap();
        let checks = report["checks"].as_array().unwrap();
        let found = checks.iter().find(|one| one["id"] == "redis.unreachable");
        assert_eq!(found.is_some(), is_found, "{report}");
        assert!(
            found.is_none_or(|one| one["severity"] == "warning"),
            "{report}"
        );
    }
    app.tear_down().await;
}
