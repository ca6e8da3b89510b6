//! Clients that go away while a claim of theirs is held: the server notices that their connection
//! is closed, and gives nothing to the dead.

use crate::support::{Patience, Server, TestDb};
use serde_json::{Value, json};
use std::collections::HashSet;
use tokio::{io::AsyncWriteExt, net::TcpStream, task::JoinHandle};

/// So long that a job in the hands of the dead would not come back while the test runs.
const LEASE: u32 = 86_400;

const GONE: usize = 12;

fn ask(worker_id: &str, wait_seconds: u32) -> Value {
    json!({
        "worker_id": worker_id, "job_types": ["idea2video"], "max_jobs": 3, "lease_seconds": LEASE,
        "wait_seconds": wait_seconds,
    })
}

async fn post(server: &Server, path: &str, body: &Value) -> Value {
    let answer = server
        .client
        .post(server.at(path))
        .json(body)
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    answer.json().await.unwrap()
}

/// Returns when this number of workers has asked for jobs.
async fn known(server: &Server, count: usize) {
    let patience = Patience::begin();
    loop {
        let answer = server
            .client
            .get(server.at("/api/v1/workers"))
            .send()
            .await
            .unwrap();
        if answer.json::<Value>().await.unwrap()["workers"]
            .as_array()
            .unwrap()
            .len()
            == count
        {
            return;
        }
        patience.pause("all workers are listed").await;
    }
}

/// Makes as many jobs as went away could have taken, and lets one who is there ask for them: it
/// gets them all, each in its first attempt.
async fn another_gets_them_all(server: &Server) {
    let made = post(
        server,
        "/api/v1/jobs/bulk",
        &json!({"jobs": vec![json!({"job_type": "idea2video"}); GONE]}),
    )
    .await;
    assert_eq!(made["outcomes"].as_array().unwrap().len(), GONE);
    let mut given = HashSet::new();
    while given.len() < GONE {
        let claimed = post(server, "/api/v1/claims", &ask("there", 30)).await;
        let jobs = claimed["jobs"].as_array().unwrap();
        assert!(
            !jobs.is_empty(),
            "{} jobs have no lease that a living worker knows",
            GONE - given.len()
        );
        for claimed in jobs {
            assert_eq!(
                (&claimed["job"]["worker_id"], &claimed["job"]["attempt"]),
                (&"there".into(), &1.into())
            );
            given.insert(claimed["job"]["job_id"].as_str().unwrap().to_owned());
        }
    }
}

#[on_both]
async fn a_client_that_went_away_while_it_waited_is_given_nothing(db: TestDb) {
    let server = Server::start(&db.url).await;
    let calls: Vec<JoinHandle<_>> = (0..GONE)
        .map(|n| {
            // A client of its own each, whose connection ends with it.
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let url = server.at("/api/v1/claims");
            tokio::spawn(async move {
                client
                    .post(url)
                    .json(&ask(&format!("gone-{n}"), 60))
                    .send()
                    .await
            })
        })
        .collect();
    known(&server, GONE).await;
    for call in calls {
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled(), "it waited");
    }
    another_gets_them_all(&server).await;
    assert_eq!(server.stop("TERM").await.code(), Some(0));
}

#[on_both]
async fn a_connection_that_was_cut_in_the_middle_of_a_wait_takes_no_job(db: TestDb) {
    let server = Server::start(&db.url).await;
    let mut connections = Vec::new();
    for n in 0..GONE {
        let body = ask(&format!("gone-{n}"), 60).to_string();
        let mut connection = TcpStream::connect(server.url.strip_prefix("http://").unwrap())
            .await
            .unwrap();
        let head = format!(
            "POST /api/v1/claims HTTP/1.1\r\nHost: localhost\r\nContent-Type: \
            application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        connection
            .write_all((head + &body).as_bytes())
            .await
            .unwrap();
        connections.push(connection);
    }
    known(&server, GONE).await;
    // A reset, as when the process was killed with something unread, or its host restarted.
    for connection in connections {
        connection.set_zero_linger().unwrap();
    }
    another_gets_them_all(&server).await;
    assert_eq!(server.stop("TERM").await.code(), Some(0));
}
