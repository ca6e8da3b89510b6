//! `callsheet jobs recover` and `callsheet jobs retry-items`: a job that failed goes on, or what
//! failed of it does.

use super::run::Desk;
use crate::support::{TestDb, any_job, claim, for_good};
use callsheet::{
    clock::SystemClock,
    jobs::{Guard, ItemReport, JobManager, NewItem, NewJob},
    random::SystemRandom,
};
use entity::ItemStatus;
use serde_json::json;
use std::sync::Arc;

/// A job that failed for good, with one item done, one failed, one that was never begun.
async fn failed(db: &TestDb) -> JobManager {
    let jobs = JobManager::new(
        db.connect().await,
        Arc::new(SystemClock),
        Arc::new(SystemRandom),
    );
    let items = ["one", "two", "three"]
        .map(|key| NewItem {
            key: key.into(),
            input: None,
        })
        .into();
    let new = NewJob {
        job_id: Some("film".into()),
        items,
        max_attempts: Some(1),
        ..any_job()
    };
    jobs.create_job(new, None).await.unwrap();
    let token = jobs
        .claim_jobs(claim("w"))
        .await
        .unwrap()
        .remove(0)
        .job
        .lease_token
        .unwrap();
    let report = |key: &str, status, error: Option<&str>| ItemReport {
        key: Some(key.into()),
        idx: None,
        status,
        result: None,
        error: error.map(Into::into),
    };
    let reports = vec![
        report("one", ItemStatus::Completed, None),
        report("two", ItemStatus::Failed, Some("the lens broke")),
    ];
    jobs.report_items("film", reports, Guard::lease(&token))
        .await
        .unwrap();
    jobs.mark_failed("film", for_good("a shot failed"), Guard::lease(token))
        .await
        .unwrap();
    jobs
}

#[on_both]
async fn a_failed_job_is_recovered_with_its_checkpoint(db: TestDb) {
    let desk = Desk::at(&db);
    desk.done(&["migrate", "up"]).await;
    let jobs = failed(&db).await;
    let shown = desk.done(&["jobs", "recover", "film"]).await;
    for line in [
        "job_id      film",
        "status      queued",
        "shots       1 of 3",
        "attempt     1 of 2",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}: {shown}");
    }
    assert!(!shown.contains("a shot failed"), "{shown}");
    let claimed = jobs.claim_jobs(claim("w2")).await.unwrap().remove(0);
    let statuses: Vec<_> = claimed.items.iter().map(|item| item.status).collect();
    assert_eq!(
        statuses,
        [
            ItemStatus::Completed,
            ItemStatus::Pending,
            ItemStatus::Pending
        ]
    );
    jobs.mark_failed(
        "film",
        for_good("again"),
        Guard::lease(claimed.job.lease_token.unwrap()),
    )
    .await
    .unwrap();
    let job = desk.json(&["jobs", "recover", "film", "--json"]).await;
    assert_eq!(
        json!([job["status"], job["completed_shots"], job["error"]]),
        json!(["queued", 1, null])
    );
    jobs.database().clone().close().await.unwrap();
}

#[on_both]
async fn the_items_that_failed_become_a_job_of_their_own(db: TestDb) {
    let desk = Desk::at(&db);
    desk.done(&["migrate", "up"]).await;
    let jobs = failed(&db).await;
    let made = desk.json(&["jobs", "retry-items", "film", "--json"]).await;
    let id = made["job_id"].as_str().unwrap();
    assert_ne!(id, "film");
    assert_eq!(
        json!([
            made["status"],
            made["total_shots"],
            made["context"]["retry_of"],
            made["job_type"]
        ]),
        json!(["queued", 1, "film", "idea2video"])
    );
    let items = jobs.list_items(id, None, 10).await.unwrap();
    assert_eq!(
        items
            .iter()
            .map(|item| (item.key.as_str(), item.status))
            .collect::<Vec<_>>(),
        [("two", ItemStatus::Pending)]
    );
    assert_eq!(
        desk.json(&["jobs", "get", "film", "--json"]).await["status"],
        "failed",
        "the other one stays as it is"
    );
    assert!(
        desk.done(&["jobs", "retry-items", "film"])
            .await
            .contains("shots       0 of 1\n")
    );
    jobs.database().clone().close().await.unwrap();
}

#[on_both]
async fn what_cannot_be_recovered_is_told_and_stays_as_it_is(db: TestDb) {
    let desk = Desk::at(&db);
    desk.done(&["jobs", "create", "a", "--job-id", "waits"])
        .await;
    for verb in ["recover", "retry-items"] {
        assert_eq!(
            desk.fails(1, &["jobs", verb, "nobody"]).await,
            "Job not found"
        );
        let before = desk.json(&["jobs", "get", "waits", "--json"]).await;
        let sentence = desk.fails(1, &["jobs", verb, "waits"]).await;
        assert!(sentence.contains("queued"), "{verb}: {sentence}");
        assert_eq!(desk.json(&["jobs", "get", "waits", "--json"]).await, before);
        let said = desk.run(&["jobs", verb]).await;
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{verb}");
        assert!(said.err.contains("JOB_ID"), "{verb}: {}", said.err);
    }
    desk.done(&["jobs", "cancel", "waits"]).await;
    let sentence = desk.fails(1, &["jobs", "recover", "waits"]).await;
    assert!(
        sentence.contains("cancelled") && sentence.contains("retried"),
        "{sentence}"
    );
    let sentence = desk.fails(1, &["jobs", "retry-items", "waits"]).await;
    assert!(sentence.contains("failed"), "{sentence}");
    assert_eq!(
        desk.json(&["jobs", "list", "--json"]).await["pagination"]["total"],
        1,
        "nothing was made"
    );
}

#[on_both]
async fn a_cancel_is_undone_once_and_a_change_since_is_named(db: TestDb) {
    let desk = Desk::at(&db);
    desk.done(&["migrate", "up"]).await;
    failed(&db).await.database().clone().close().await.unwrap();
    desk.done(&["jobs", "retry", "film"]).await;
    let job = desk.json(&["jobs", "undo", "film", "--json"]).await;
    assert_eq!(
        json!([job["status"], job["error"], job["max_attempts"]]),
        json!(["failed", "a shot failed", 1])
    );
    let again = desk.fails(1, &["jobs", "undo", "film"]).await;
    assert!(again.contains("undone already"), "{again}");
}
