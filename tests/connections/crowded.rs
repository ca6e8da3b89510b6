//! Many connections: as many as there may be, and no descriptor for the next one.

use super::{LIVE, Served, database, head, served, until_its_end};
use crate::support::Server;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;

/// Asks until a connection finds a place: the server sees a closed one soon, but not at once.
async fn served_again(served: &Served) {
    loop {
        let mut connection = served.connect().await;
        let sent = connection.write_all(LIVE).await;
        if sent.is_ok() && head(&mut connection).await.starts_with("HTTP/1.1 200") {
            return;
        }
    }
}

#[tokio::test]
async fn a_connection_too_many_is_refused_in_words_and_the_next_one_is_served_when_another_has_ended()
 {
    for (limit, status, code) in [
        ("--max-connections", "503", "overloaded"),
        (
            "--max-connections-per-address",
            "429",
            "too_many_connections",
        ),
    ] {
        let served = served(&[limit, "2"]).await;
        let held = [served.used().await, served.used().await];
        let refused = until_its_end(&mut served.connect().await).await;
        assert!(
            refused.starts_with(&format!("HTTP/1.1 {status} ")),
            "{refused}"
        );
        assert!(
            refused.contains(&format!("\"{code}\"")) && refused.contains("retry-after: 1"),
            "{refused}"
        );
        drop(held);
        served_again(&served).await;
    }
}

#[tokio::test]
async fn programs_of_this_machine_have_more_connections_than_one_address_may_have() {
    let served = served(&[]).await;
    let mut held = Vec::new();
    for _ in 0..200 {
        held.push(served.used().await);
    }
    assert_eq!(held.len(), 200);
}

/// A server whose limits of open files are these.
async fn with_descriptors(soft: &str, hard: &str) -> Served {
    let (folder, url) = database();
    let script = format!("ulimit -S -n {soft}; ulimit -H -n {hard}; exec \"$@\"");
    let before = ["/bin/sh", "-c", &script, "sh"].map(str::to_owned);
    Served {
        server: Server::start_behind(&before, &url).await,
        _folder: folder,
    }
}

#[tokio::test]
async fn the_limit_of_open_files_is_raised_as_far_as_it_may_be() {
    let served = with_descriptors("64", "500").await;
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", served.server.pid())).unwrap();
    let files = limits
        .lines()
        .find(|line| line.starts_with("Max open files"))
        .unwrap();
    assert_eq!(
        files.split_whitespace().skip(3).take(2).collect::<Vec<_>>(),
        ["500", "500"]
    );
}

#[tokio::test]
async fn with_few_descriptors_connections_leave_enough_for_the_work() {
    let served = with_descriptors("64", "64").await;
    let mut held = Vec::new();
    for _ in 0..100 {
        held.push(served.connect().await);
    }
    assert!(
        until_its_end(held.last_mut().unwrap())
            .await
            .contains("\"overloaded\"")
    );
    // A place within the limit works as ever, with the database behind it.
    let first = &mut held[0];
    first
        .write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    assert!(head(first).await.starts_with("HTTP/1.1 200"));
    drop(held);
    served_again(&served).await;
}

#[tokio::test]
async fn idle_connections_and_half_headers_do_not_delay_a_stop() {
    let served = served(&[]).await;
    let mut held = vec![
        served.connect().await,
        served.sent(b"GET / HT").await,
        served.sent(b"PRI * ").await,
    ];
    for _ in 0..20 {
        held.push(served.used().await);
    }
    let began = Instant::now();
    assert_eq!(served.server.stop("TERM").await.code(), Some(0));
    assert!(
        began.elapsed() < Duration::from_secs(8),
        "requests under way have ten seconds, and there are none"
    );
}
