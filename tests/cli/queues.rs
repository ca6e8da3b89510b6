//! `callsheet queue` and `callsheet workers`: what is given to workers, and who they are.

use super::run::Desk;
use crate::support::{TestDb, any_job, claim};
use callsheet::{
    clock::SystemClock,
    jobs::{Claim, Guard, JobManager},
    random::SystemRandom,
};
use serde_json::{Value, json};
use std::sync::Arc;

/// The service as a server has it.
async fn service(db: &TestDb) -> JobManager {
    JobManager::new(
        db.connect().await,
        Arc::new(SystemClock),
        Arc::new(SystemRandom),
    )
}

fn cells(table: &str) -> Vec<Vec<&str>> {
    table
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect()
}

/// A rule of retention of which nothing is set.
fn nothing_set() -> Value {
    json!({"completed": null, "failed": null, "cancelled": null})
}

#[on_both]
async fn a_queue_is_paused_limited_and_resumed(db: TestDb) {
    let desk = Desk::at(&db);
    desk.done(&["migrate", "up"]).await;
    assert_eq!(desk.done(&["queue", "list"]).await, "no queues\n");
    assert_eq!(
        desk.json(&["queue", "list", "--json"]).await,
        json!({"queues": []})
    );
    desk.done(&["jobs", "create", "a"]).await;
    let header = ["TYPE", "STATE", "LIMIT", "QUEUED", "PROCESSING"];
    for (args, row) in [
        (&["queue", "list"][..], ["a", "open", "-", "1", "0"]),
        (&["queue", "pause", "a"], ["a", "paused", "-", "1", "0"]),
        (
            &["queue", "limit", "a", "4"],
            ["a", "paused", "4", "1", "0"],
        ),
        (&["queue", "resume", "a"], ["a", "open", "4", "1", "0"]),
        (
            &["queue", "limit", "a", "none"],
            ["a", "open", "-", "1", "0"],
        ),
        // Once more is the same.
        (&["queue", "resume", "a"], ["a", "open", "-", "1", "0"]),
    ] {
        assert_eq!(cells(&desk.done(args).await), [header, row], "{args:?}");
    }
    // A type that no job has yet may be paused before the first one comes.
    let paused = desk.json(&["queue", "pause", "b", "--json"]).await;
    assert_eq!(
        paused,
        json!({"job_type": "b", "paused": true, "max_running": null, "max_run_seconds": null, "keep": nothing_set(), "then": null, "keep_media": null, "queued": 0, "processing": 0})
    );
    let limited = desk.done(&["queue", "limit-time", "a", "60"]).await;
    assert_eq!(
        cells(&limited),
        [
            vec!["TYPE", "STATE", "LIMIT", "QUEUED", "PROCESSING", "SECONDS"],
            vec!["a", "open", "-", "1", "0", "60"]
        ]
    );
    let types = |queues: &Value| -> Vec<Value> {
        queues["queues"]
            .as_array()
            .unwrap()
            .iter()
            .map(|queue| queue["job_type"].clone())
            .collect()
    };
    assert_eq!(
        types(&desk.json(&["queue", "list", "--json"]).await),
        ["a", "b"]
    );
}

#[on_both]
async fn what_is_set_for_a_queue_counts_for_claims(db: TestDb) {
    let desk = Desk::at(&db);
    desk.done(&["migrate", "up"]).await;
    let jobs = service(&db).await;
    jobs.create_jobs(vec![any_job(); 3], None).await.unwrap();
    desk.done(&["queue", "pause", "idea2video"]).await;
    assert!(jobs.claim_jobs(claim("w")).await.unwrap().is_empty());
    desk.done(&["queue", "limit", "idea2video", "2"]).await;
    desk.done(&["queue", "resume", "idea2video"]).await;
    let claimed = jobs
        .claim_jobs(Claim {
            max_jobs: 3,
            ..claim("w")
        })
        .await
        .unwrap();
    assert_eq!(claimed.len(), 2, "as many as may run");
    assert_eq!(
        desk.json(&["queue", "list", "--json"]).await["queues"][0],
        json!({"job_type": "idea2video", "paused": false, "max_running": 2, "max_run_seconds": null, "keep": nothing_set(), "then": null, "keep_media": null, "queued": 1, "processing": 2})
    );
    jobs.database().clone().close().await.unwrap();
}

#[on_both]
async fn a_queue_that_is_named_wrongly_is_told_and_stays_as_it_is(db: TestDb) {
    let desk = Desk::at(&db);
    desk.done(&["migrate", "up"]).await;
    for args in [
        &["queue", "pause", "Bad Type"][..],
        &["queue", "resume", ""],
        &["queue", "limit", "é", "1"],
    ] {
        let sentence = desk.fails(1, args).await;
        assert!(
            sentence.contains("job_type") && sentence.contains("a-z"),
            "{args:?}: {sentence}"
        );
    }
    let rows: [(&[&str], &str); 6] = [
        (&["queue"], "Usage"),
        (&["queue", "pause"], "JOB_TYPE"),
        (&["queue", "limit", "a"], "<N>"),
        (
            &["queue", "limit", "a", "0"],
            "use a number from 1 on, or none",
        ),
        (&["queue", "limit", "a", "-1"], "-1"),
        (
            &["queue", "limit", "a", "99999999999"],
            "use a number from 1 on, or none",
        ),
    ];
    for (args, part) in rows {
        let said = desk.run(args).await;
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{args:?}");
        assert!(said.err.contains(part), "{args:?}: {}", said.err);
    }
    assert_eq!(desk.done(&["queue", "list"]).await, "no queues\n");
}

#[on_both]
async fn workers_are_listed_with_what_they_hold(db: TestDb) {
    let desk = Desk::at(&db);
    desk.done(&["migrate", "up"]).await;
    assert_eq!(desk.done(&["workers"]).await, "no workers\n");
    let jobs = service(&db).await;
    jobs.create_jobs(vec![any_job(); 2], None).await.unwrap();
    let asked = Claim {
        max_jobs: 2,
        host: Some("studio-1".into()),
        version: Some("1.2".into()),
        ..claim("render-1")
    };
    let claimed = jobs.claim_jobs(asked).await.unwrap();
    let done = &claimed[0].job;
    jobs.mark_completed(
        &done.id,
        None,
        Guard::lease(done.lease_token.clone().unwrap()),
    )
    .await
    .unwrap();
    jobs.claim_jobs(claim("idle")).await.unwrap();
    jobs.note_workers().await.unwrap();
    let listed = desk.json(&["workers", "--json"]).await;
    let (idle, busy) = (&listed["workers"][0], &listed["workers"][1]);
    assert_eq!(
        (&idle["worker_id"], &idle["status"], &idle["jobs"]),
        (&json!("idle"), &json!("idle"), &json!([]))
    );
    let expected = json!({
        "worker_id": "render-1", "host": "studio-1", "version": "1.2", "job_types": ["idea2video"], "status": "busy",
        "jobs": [claimed[1].job.id], "claimed": 2, "completed": 1, "failed": 0, "rescued": 0,
        "first_seen_at": busy["first_seen_at"], "last_seen_at": busy["last_seen_at"],
    });
    assert_eq!(busy, &expected);
    let table = desk.done(&["workers"]).await;
    let rows = cells(&table);
    assert_eq!(
        rows[0],
        [
            "WORKER",
            "HOST",
            "STATE",
            "JOBS",
            "LAST",
            "SEEN",
            "CLAIMED",
            "COMPLETED",
            "FAILED",
            "RESCUED"
        ]
    );
    assert_eq!(
        (&rows[1][..4], &rows[2][..4]),
        (
            &["idle", "-", "idle", "0"][..],
            &["render-1", "studio-1", "busy", "1"][..]
        )
    );
    assert_eq!(rows[2][6..], ["2", "1", "0", "0"]);
    jobs.database().clone().close().await.unwrap();
}

#[on_both]
async fn what_a_worker_says_of_itself_does_not_reach_the_terminal_as_it_is(db: TestDb) {
    let desk = Desk::at(&db);
    desk.done(&["migrate", "up"]).await;
    let jobs = service(&db).await;
    jobs.claim_jobs(Claim {
        host: Some("\u{1b}[2J\u{7}red".into()),
        ..claim("w")
    })
    .await
    .unwrap();
    let shown = desk.done(&["workers"]).await;
    assert!(
        shown.contains("red") && shown.chars().all(|c| c == '\n' || !c.is_control()),
        "{shown:?}"
    );
    jobs.database().clone().close().await.unwrap();
}
