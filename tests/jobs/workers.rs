//! Workers are registered by their calls.

use crate::support::{Patience, TestApp, at_once, claim, for_now};
use callsheet::jobs::{Claim, Guard, WorkerStatus};
use chrono::TimeDelta;
use entity::worker;
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde_json::json;

#[on_both]
async fn a_worker_is_registered_by_its_claims_with_what_it_holds(t: TestApp) {
    assert!(t.list_workers().await.unwrap().workers.is_empty());
    let first = t.now();
    t.claim_jobs(Claim {
        host: Some("gpu-7".into()),
        version: Some("1.4".into()),
        ..claim("w1")
    })
    .await
    .unwrap();
    let other = t.another().await;
    let seen = other.list_workers().await.unwrap().workers;
    assert_eq!(
        seen.len(),
        1,
        "a new worker is known to all servers at once"
    );
    t.queued().await;
    t.queued().await;
    let now = t.clock.advance(TimeDelta::seconds(10));
    let (done, failed) = (t.claimed("w1").await.job, t.claimed("w1").await.job);
    t.mark_completed(&done.id, None, Guard::lease(done.lease_token.unwrap()))
        .await
        .unwrap();
    let workers = t.list_workers().await.unwrap().workers;
    let worker = &workers[0];
    assert_eq!(
        (worker.status, worker.jobs.len(), &worker.jobs[0].id),
        (WorkerStatus::Busy, 1, &failed.id)
    );
    let row = &worker.row;
    assert_eq!((row.first_seen_at, row.last_seen_at), (first, now));
    assert_eq!(
        (row.host.as_deref(), row.version.as_deref()),
        (Some("gpu-7"), Some("1.4")),
        "what it said once stays"
    );
    assert_eq!(row.job_types, Some(json!(["idea2video"])));
    assert_eq!(
        (row.claimed, row.completed, row.failed, row.rescued),
        (2, 1, 0, 0)
    );
    t.mark_failed(
        &failed.id,
        for_now("busy"),
        Guard::lease(failed.lease_token.unwrap()),
    )
    .await
    .unwrap();
    let worker = t.list_workers().await.unwrap().workers.remove(0);
    assert_eq!(
        (worker.status, worker.row.failed, worker.jobs.len()),
        (WorkerStatus::Idle, 1, 0)
    );
    other.database().clone().close().await.unwrap();
}

#[on_both]
async fn a_worker_that_is_not_heard_of_is_marked_and_later_forgotten(t: TestApp) {
    t.queued().await;
    t.claim_jobs(claim("quiet")).await.unwrap();
    let status = || async { t.list_workers().await.unwrap().workers.remove(0).status };
    assert_eq!(status().await, WorkerStatus::Busy);
    t.clock.advance(TimeDelta::seconds(91));
    assert_eq!(status().await, WorkerStatus::Stale, "its lease is over too");
    t.rescue_jobs().await.unwrap();
    let worker = t.list_workers().await.unwrap().workers.remove(0);
    assert_eq!(
        (worker.status, worker.row.rescued),
        (WorkerStatus::Stale, 1)
    );
    t.clock.advance(TimeDelta::hours(23));
    assert_eq!(t.forget_workers().await.unwrap(), 0);
    t.clock.advance(TimeDelta::hours(1));
    assert_eq!(t.forget_workers().await.unwrap(), 1);
    assert!(t.list_workers().await.unwrap().workers.is_empty());
}

#[on_both]
async fn a_claim_writes_the_row_of_its_own_worker_and_of_no_other_that_waits(t: TestApp) {
    let first = t.now();
    let jobs = (*t).clone();
    let waits = tokio::spawn(async move {
        jobs.claim_jobs(Claim {
            wait_seconds: 60,
            ..claim("waits")
        })
        .await
    });
    let patience = Patience::begin();
    while t.idle_waits() == 0 {
        patience.pause("the claim waits").await;
    }
    let now = t.clock.advance(TimeDelta::seconds(60));
    t.claim_jobs(claim("other")).await.unwrap();
    let row = |id| worker::Entity::find_by_id(id).one(t.database().read());
    assert_eq!(row("waits").await.unwrap().unwrap().last_seen_at, first);
    assert_eq!(row("other").await.unwrap().unwrap().last_seen_at, now);
    let listed = t.list_workers().await.unwrap().workers;
    assert!(
        listed.iter().all(|worker| worker.row.last_seen_at == now),
        "whoever waits is there"
    );
    assert_eq!(
        row("waits").await.unwrap().unwrap().last_seen_at,
        now,
        "which others see now and then"
    );
    waits.abort();
}

#[on_both]
async fn new_workers_that_come_at_once_are_all_listed(t: TestApp) {
    let other = t.another().await;
    let calls = (0..300).map(|n| {
        let jobs = if n % 3 == 0 {
            other.clone()
        } else {
            (*t).clone()
        };
        async move { jobs.claim_jobs(claim(&format!("w{n}"))).await.unwrap() }
    });
    at_once(calls).await;
    for jobs in [&*t, &other] {
        jobs.note_workers().await.unwrap();
    }
    let rows = worker::Entity::find()
        .all(t.database().read())
        .await
        .unwrap();
    assert_eq!(rows.len(), 300);
    other.database().clone().close().await.unwrap();
}

#[on_both]
async fn of_too_many_workers_those_are_listed_that_were_heard_of_last(t: TestApp) {
    let row = |n: i64| worker::ActiveModel {
        worker_id: Set(format!("w{n:05}")),
        first_seen_at: Set(t.now()),
        last_seen_at: Set(t.now() + TimeDelta::milliseconds(n)),
        claimed: Set(0),
        completed: Set(0),
        failed: Set(0),
        rescued: Set(0),
        ..Default::default()
    };
    for part in 0..11 {
        let rows = (0..1000).map(|n| row(part * 1000 + n));
        worker::Entity::insert_many(rows)
            .exec(t.database().read())
            .await
            .unwrap();
    }
    let listed = t.list_workers().await.unwrap();
    assert!(listed.more && listed.workers.len() == 10_000);
    assert_eq!(listed.workers[0].row.worker_id, "w01000");
    t.clock.advance(TimeDelta::days(2));
    assert_eq!(t.forget_workers().await.unwrap(), 11_000, "piece by piece");
}
