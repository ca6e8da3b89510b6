//! `kill -9` of a server between the sending of a message and its record.

use super::receiver::{Received, Receiver, Reply};
use crate::support::{Patience, Server, TestDb};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use std::collections::BTreeSet;

async fn call(server: &Server, path: &str, body: Value) -> Value {
    let url = server.at(&format!("/api/v1{path}"));
    let answer = server.client.post(url).json(&body).send().await.unwrap();
    let status = answer.status();
    assert!(status.is_success(), "{path}: {status}");
    answer.json().await.unwrap_or_default()
}

const ALLOWED: [&str; 3] = ["--webhook-allow-http", "--webhook-allow-net", "127.0.0.0/8"];

#[on_both]
async fn a_message_of_a_killed_server_is_sent_again_with_its_id_and_none_is_lost(db: TestDb) {
    killed_while_it_sends(db, |_| json!({"job_type": "idea2video"})).await;
}

#[on_both]
async fn nor_is_one_to_the_url_of_a_job(db: TestDb) {
    killed_while_it_sends(
        db,
        |url| json!({"job_type": "idea2video", "webhook": {"url": url, "kinds": ["job.created"]}}),
    )
    .await;
}

async fn killed_while_it_sends(db: TestDb, new_job: impl Fn(&str) -> Value) {
    let receiver = Receiver::start().await;
    receiver.answer(Reply::Late(204));
    let server = Server::start_with(&db.url, &ALLOWED).await;
    let new = new_job(&receiver.url);
    if new["webhook"].is_null() {
        let webhook = json!({"url": receiver.url, "kinds": ["job.created"]});
        call(&server, "/webhooks", webhook).await;
    }
    for _ in 0..10 {
        call(&server, "/jobs", new.clone()).await;
    }
    let patience = Patience::begin();
    while receiver.received().len() < 8 {
        patience.pause("eight messages are sent").await;
    }
    server.kill().await;
    receiver.answer(Reply::status(204));
    // The leases of the killed server end at once instead of in a minute.
    let conn = db.connect().await;
    let past = "UPDATE webhook_deliveries SET next_at = created_at WHERE state = 'sending'";
    conn.read().execute_unprepared(past).await.unwrap();
    conn.close().await.unwrap();
    let server = Server::start_with(&db.url, &ALLOWED).await;
    let ids = |of: &[Received]| {
        let ids = of.iter().map(|message| message.id().to_owned());
        ids.collect::<BTreeSet<_>>()
    };
    let patience = Patience::begin();
    while ids(&receiver.received()[8..]).len() < 10 {
        patience.pause("all messages are sent").await;
    }
    let before = ids(&receiver.received()[..8]);
    let after = ids(&receiver.received()[8..]);
    assert_eq!((before.len(), after.len()), (8, 10));
    assert!(before.is_subset(&after));
    server.stop("TERM").await;
}
