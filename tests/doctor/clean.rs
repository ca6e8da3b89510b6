//! A system in which nothing is wrong.

use super::{ids, limits};
use crate::{
    cli::run::Desk,
    support::{Server, TestApp, any_job, for_good},
};
use callsheet::{
    cli::doctor::check_database,
    clock::{Clock, SystemClock},
    jobs::NewJob,
};
use serde_json::Value;
use std::collections::BTreeMap;

#[on_both]
async fn nothing_is_found_where_jobs_of_all_kinds_are_well(t: TestApp) {
    let labels = BTreeMap::from([("team".to_owned(), "red".to_owned())]);
    t.create(NewJob {
        labels,
        ..any_job()
    })
    .await;
    let failed = t.started().await;
    t.mark_failed(&failed.id, for_good("broken"), None)
        .await
        .unwrap();
    let done = t.started().await;
    t.mark_completed(&done.id, None, None).await.unwrap();
    t.claimed("worker-1").await;
    t.note_workers().await.unwrap();
    t.roll_up_stats().await.unwrap();
    assert_eq!(ids(&t.db.url, t.now()).await, Vec::<&str>::new());
}

#[on_sqlite]
async fn a_look_leaves_the_file_as_it_was(t: TestApp) {
    t.queued().await;
    let url = t.db.url.clone();
    let path = url.strip_prefix("sqlite://").unwrap().to_owned();
    t.database().clone().close().await.unwrap();
    let before = std::fs::read(&path).unwrap();
    check_database(&url, SystemClock.now(), &limits(), true).await;
    assert!(before == std::fs::read(&path).unwrap());
}

#[tokio::test]
async fn the_command_finds_nothing_on_a_new_server() {
    let desk = Desk::new();
    let url = format!("sqlite://{}", desk.path("jobs.db").display());
    let server = Server::start(&url).await;
    let arguments = [
        "doctor",
        "--deep",
        "--strict",
        "--json",
        "--database-url",
        &url,
    ];
    let said = desk
        .json(&[&arguments[..], &["--server", &server.url]].concat())
        .await;
    assert_eq!(said["checks"], Value::Array(Vec::new()));
    assert_eq!(said["ok"], true);
    let text = desk.done(&["doctor", "--database-url", &url]).await;
    assert_eq!(text, "nothing is wrong\n");
    assert_eq!(server.stop("TERM").await.code(), Some(0));
}
