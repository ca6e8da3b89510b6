//! Workers are registered by their calls.

use crate::support::{Bench, claim, for_now};
use callsheet::jobs::{Claim, Guard, WorkerStatus};
use chrono::TimeDelta;
use serde_json::json;

on_both!(a_worker_is_registered_by_its_claims_with_what_it_holds);
async fn a_worker_is_registered_by_its_claims_with_what_it_holds(t: Bench) {
    assert!(t.list_workers().await.unwrap().workers.is_empty());
    let first = t.now();
    t.claim_jobs(Claim { host: Some("gpu-7".into()), version: Some("1.4".into()), ..claim("w1") }).await.unwrap();
    let other = t.another().await;
    let seen = other.list_workers().await.unwrap().workers;
    assert_eq!(seen.len(), 1, "a new worker is known to all servers at once");
    t.queued().await;
    t.queued().await;
    let now = t.clock.advance(TimeDelta::seconds(10));
    let (done, failed) = (t.claimed("w1").await.job, t.claimed("w1").await.job);
    t.mark_completed(&done.id, None, Guard::lease(done.lease_token.unwrap())).await.unwrap();
    let workers = t.list_workers().await.unwrap().workers;
    let worker = &workers[0];
    assert_eq!((worker.status, worker.jobs.len(), &worker.jobs[0].id), (WorkerStatus::Busy, 1, &failed.id));
    let row = &worker.row;
    assert_eq!((row.first_seen_at, row.last_seen_at), (first, now));
    assert_eq!((row.host.as_deref(), row.version.as_deref()), (Some("gpu-7"), Some("1.4")), "what it said once stays");
    assert_eq!(row.job_types, Some(json!(["idea2video"])));
    assert_eq!((row.claimed, row.completed, row.failed, row.rescued), (2, 1, 0, 0));
    t.mark_failed(&failed.id, for_now("busy"), Guard::lease(failed.lease_token.unwrap())).await.unwrap();
    let worker = t.list_workers().await.unwrap().workers.remove(0);
    assert_eq!((worker.status, worker.row.failed, worker.jobs.len()), (WorkerStatus::Idle, 1, 0));
    other.database().clone().close().await.unwrap();
}

on_both!(a_worker_that_is_not_heard_of_is_marked_and_later_forgotten);
async fn a_worker_that_is_not_heard_of_is_marked_and_later_forgotten(t: Bench) {
    t.queued().await;
    t.claim_jobs(claim("quiet")).await.unwrap();
    let status = || async { t.list_workers().await.unwrap().workers.remove(0).status };
    assert_eq!(status().await, WorkerStatus::Busy);
    t.clock.advance(TimeDelta::seconds(91));
    assert_eq!(status().await, WorkerStatus::Stale, "its lease is over too");
    t.rescue_jobs().await.unwrap();
    let worker = t.list_workers().await.unwrap().workers.remove(0);
    assert_eq!((worker.status, worker.row.rescued), (WorkerStatus::Stale, 1));
    t.clock.advance(TimeDelta::hours(23));
    assert_eq!(t.forget_workers().await.unwrap(), 0);
    t.clock.advance(TimeDelta::hours(1));
    assert_eq!(t.forget_workers().await.unwrap(), 1);
    assert!(t.list_workers().await.unwrap().workers.is_empty());
}
