//! SIGTERM and SIGINT: what is under way is answered, then the server ends by itself.

use super::{crowd::Crowd, verdict::Verdict};
use crate::support::{Backend, FaultyProxy, Server, TestDb, Whole, run};
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const BODY: &str = r#"{"job_type": "idea2video", "job_id": "under-way"}"#;

#[on_both]
async fn a_request_that_is_under_way_at_sigterm_is_answered(db: TestDb) {
    a_request_under_way_is_answered(db, "TERM").await;
}
#[on_both]
async fn a_request_that_is_under_way_at_sigint_is_answered(db: TestDb) {
    a_request_under_way_is_answered(db, "INT").await;
}

async fn a_request_under_way_is_answered(db: TestDb, signal: &str) {
    let mut server = Server::start(&db.url).await;
    let mut connection = begin_request(&server).await;
    let mut lines = std::mem::replace(&mut server.lines, tokio::sync::mpsc::unbounded_channel().1);
    let end = tokio::spawn({
        let signal = signal.to_owned();
        async move { server.stop(&signal).await }
    });
    while !lines
        .recv()
        .await
        .expect("it says that it stops")
        .contains("stopping")
    {}

    connection.write_all(BODY.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 Created"), "{answer}");
    assert_eq!(end.await.unwrap().code(), Some(0));
    let conn = db.raw().await;
    Whole::of(&conn, "under-way")
        .await
        .assert_history_is_whole();
    conn.close().await.unwrap();
}

/// Sends a request without its body, and waits until the server asks for it: then the request is
/// under way.
async fn begin_request(server: &Server) -> TcpStream {
    let mut connection = TcpStream::connect(server.url.strip_prefix("http://").unwrap())
        .await
        .unwrap();
    let head = format!(
        "POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        BODY.len()
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    let go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    let mut read = vec![0; go_on.len()];
    connection.read_exact(&mut read).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&read), go_on);
    connection
}

#[on_both]
async fn many_clients_lose_nothing_when_the_server_is_asked_to_stop(db: TestDb) {
    let mut server = Server::start(&db.url).await;
    let mut crowd = Crowd::at_work(&server.url, 7);
    for signal in ["TERM", "INT", "TERM", "INT"] {
        crowd.answers(&mut server, 20).await;
        assert_eq!(
            server.stop(signal).await.code(),
            Some(0),
            "after SIG{signal}"
        );
        server = Server::start(&db.url).await;
        crowd.go_on_at(&server.url, false);
    }
    crowd.answers(&mut server, 1).await;
    let ledger = crowd.end().await;
    let verdict = Verdict::of(&db.url, &ledger).await;
    assert_eq!(verdict.faults, [], "{}", verdict.summary(&ledger));
    server.kill().await;
}

#[on_both]
async fn a_second_signal_ends_the_server_at_once(db: TestDb) {
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let mut server = Server::start(&db.url).await;
        let _under_way = begin_request(&server).await;
        let mut lines =
            std::mem::replace(&mut server.lines, tokio::sync::mpsc::unbounded_channel().1);
        send(signal, server.pid()).await;
        while !lines.recv().await.unwrap().contains("stopping") {}
        let begun = Instant::now();
        assert_eq!(server.stop(signal).await.code(), Some(code));
        assert!(
            begun.elapsed() < Duration::from_secs(4),
            "{:?}",
            begun.elapsed()
        );
    }
}

#[tokio::test]
async fn a_stop_beside_a_silent_database_takes_ten_seconds_at_most() {
    run(Backend::Postgres, |db: TestDb| async move {
        let line = FaultyProxy::by_seed(&db.url, 1).await;
        let server = Server::start(&line.url).await;
        line.fall_silent();
        let begun = Instant::now();
        server.stop("TERM").await;
        assert!(
            begun.elapsed() < Duration::from_secs(11),
            "{:?}",
            begun.elapsed()
        );
    })
    .await;
}

async fn send(signal: &str, pid: u32) {
    let mut kill = tokio::process::Command::new("kill");
    let sent = kill.args(["-s", signal, &pid.to_string()]).status().await;
    assert!(sent.unwrap().success());
}
