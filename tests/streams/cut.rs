//! Streams that are opened and cut leave nothing behind. `benches/streams --cuts 10000` does it
//! more often.

use crate::support::{Server, TestDb};
use std::{path::PathBuf, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const CUTS: usize = 400;

/// Each connection is a descriptor, and its stream is part of its connection: neither has a task of
/// its own.
fn descriptors(server: &Server) -> usize {
    std::fs::read_dir(PathBuf::from(format!("/proc/{}/fd", server.pid())))
        .unwrap()
        .count()
}

async fn open_and_cut(server: &Server, path: &str) {
    let mut connection = TcpStream::connect(server.url.strip_prefix("http://").unwrap())
        .await
        .unwrap();
    connection
        .write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut some = [0; 512];
    assert!(connection.read(&mut some).await.unwrap() > 0);
}

#[on_both]
async fn streams_that_are_opened_and_cut_leave_nothing_behind(db: TestDb) {
    let server = Server::start(&db.url).await;
    let body = serde_json::json!({"job_type": "idea2video", "job_id": "one"});
    server
        .client
        .post(server.at("/api/v1/jobs"))
        .json(&body)
        .send()
        .await
        .unwrap();
    let paths = [
        "/api/v1/events/stream",
        "/api/v1/jobs/one/events/stream",
        "/api/v1/events/stream?after=0",
    ];
    for path in paths {
        open_and_cut(&server, path).await;
    }
    let before = descriptors(&server);
    for n in 0..CUTS {
        open_and_cut(&server, paths[n % paths.len()]).await;
    }
    // At once, and not when the next heartbeat finds nobody.
    let noticed = async {
        while descriptors(&server) > before + 8 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), noticed)
        .await
        .expect("the descriptors are given back");
    assert_eq!(server.stop("TERM").await.code(), Some(0));
}
