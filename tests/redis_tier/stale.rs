//! What Redis never gives: a job that is older than what the server heard of, or older than a
//! second.

use super::{Desk, of_redis, percent, view};
use crate::support::{Patience, claim};
use callsheet::{
    db::{CachedJob, RedisTier, SharedRead},
    jobs::{Heartbeat, JobManager, ReadSource},
};
use redis::Value;
use std::sync::Arc;

fn tier(jobs: &JobManager) -> &RedisTier {
    jobs.database().redis().unwrap()
}

async fn key_of(desk: &mut Desk, id: &str) -> String {
    let keys = desk.redis.run(&["KEYS", &format!("*job:{id}")]).await;
    match keys {
        Value::Array(keys) => match keys.first() {
            Some(Value::BulkString(key)) => String::from_utf8(key.clone()).unwrap(),
            none => panic!("{none:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn text(text: &str) -> Value {
    Value::BulkString(text.as_bytes().to_vec())
}

/// Waits until Redis knows that the job has this version at least.
async fn dropped(desk: &mut Desk, key: &str, version: i64) {
    let patience = Patience::begin();
    while desk.redis.run(&["HGET", key, "version"]).await != text(&version.to_string()) {
        patience.pause("the drop arrives").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_was_read_before_a_change_is_not_stored_after_it() {
    let mut desk = Desk::new().await;
    let (a, b) = (desk.server().await, desk.server().await);
    let id = desk.app.started().await.id;
    let before = desk.app.get_job(&id).await.unwrap();
    let SharedRead::Miss(Some(permit)) = tier(&a).read(&id, 0).await else {
        panic!("no read came yet")
    };
    let key = key_of(&mut desk, &id).await;
    let written = b.update_progress(&id, percent(50.0), None).await.unwrap();
    dropped(&mut desk, &key, written.version).await;
    tier(&a).store(permit, &Arc::new(CachedJob::new(before, Vec::new(), None)));
    // The queue keeps its order, so the store was tried when a later drop is there.
    let later = a.update_progress(&id, percent(51.0), None).await.unwrap();
    dropped(&mut desk, &key, later.version).await;
    assert_eq!(desk.redis.run(&["HGET", &key, "job"]).await, Value::Nil);
    assert_eq!(of_redis(&b, &id).await.job, later);
    desk.close([a, b]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_arrives_a_second_after_its_permit_is_not_stored() {
    let mut desk = Desk::new().await;
    let a = desk.server().await;
    let job = desk.app.started().await;
    let SharedRead::Miss(Some(permit)) = tier(&a).read(&job.id, 0).await else {
        panic!("no read came yet")
    };
    let second = tier(&a).read(&job.id, 0).await;
    assert!(matches!(second, SharedRead::Miss(None)), "one at a time");
    let key = key_of(&mut desk, &job.id).await;
    let patience = Patience::begin();
    while desk.redis.run(&["EXISTS", &key]).await != Value::Int(0) {
        patience.pause("the permit expires").await;
    }
    let late = Arc::new(CachedJob::new(job.clone(), Vec::new(), None));
    tier(&a).store(permit, &late);
    let other = desk.app.started().await.id;
    let moved = a.update_progress(&other, percent(1.0), None).await.unwrap();
    let patience = Patience::begin();
    while desk.redis.run(&["KEYS", &format!("*job:{other}")]).await == Value::Array(vec![]) {
        patience.pause("a later drop arrives").await;
    }
    assert_eq!(moved.version, 3);
    assert_eq!(desk.redis.run(&["EXISTS", &key]).await, Value::Int(0));
    desk.close([a]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_whose_drop_was_lost_is_used_neither_by_the_writer_nor_by_who_knows_better() {
    let mut desk = Desk::new().await;
    let (a, b) = (desk.server().await, desk.server().await);
    let id = desk.app.started().await.id;
    let old = of_redis(&a, &id).await.job.version;
    let key = key_of(&mut desk, &id).await;
    let Value::BulkString(job) = desk.redis.run(&["HGET", &key, "job"]).await else {
        panic!("Redis has the job")
    };
    let job = String::from_utf8(job).unwrap();
    let written = b.update_progress(&id, percent(50.0), None).await.unwrap();
    dropped(&mut desk, &key, written.version).await;
    // As if the drop had been lost.
    let version = old.to_string();
    let again = ["HSET", &key, "job", &job, "version", &version];
    let (read, source) = loop {
        desk.redis.run(&["DEL", &key]).await;
        desk.redis.run(&again).await;
        desk.redis.run(&["PEXPIRE", &key, "1000"]).await;
        // A server that heard of nothing may be a second behind, from memory as from Redis.
        let other = view(&a, &id).await;
        if other.1 == ReadSource::Redis {
            assert_eq!(other.0.job.version, old);
            break view(&b, &id).await;
        }
    };
    assert_eq!(
        (read.job.version, source),
        (written.version, ReadSource::Database)
    );
    desk.redis.run(&["DEL", &key]).await;
    desk.redis.run(&again).await;
    desk.redis.run(&["PEXPIRE", &key, "1000"]).await;
    let known = a.view_job(&id, written.version).await.unwrap().0;
    assert_eq!(
        known.job.version, written.version,
        "the reader named what it knows"
    );
    desk.close([a, b]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_was_deleted_and_made_again_is_the_new_one() {
    let desk = Desk::new().await;
    let (a, b) = (desk.server().await, desk.server().await);
    for round in 0..10 {
        let id = desk.app.named("twin").await.id;
        a.start_job(&id, None, None).await.unwrap();
        a.update_progress(&id, percent(f64::from(round) + 1.0), None)
            .await
            .unwrap();
        let read = view(&a, &id).await.0;
        assert_eq!(read.job.progress, f64::from(round) + 1.0);
        view(&b, &id).await;
        a.delete_job(&id, None).await.unwrap();
        assert_eq!(
            a.view_job(&id, 0).await.unwrap_err().code(),
            "job_not_found"
        );
    }
    desk.close([a, b]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_this_server_extended_is_seen_by_its_next_read() {
    let desk = Desk::new().await;
    let a = desk.server().await;
    let id = desk.app.queued().await.id;
    let given = a.claim_jobs(claim("w")).await.unwrap().remove(0).job;
    of_redis(&a, &id).await;
    let beat = Heartbeat {
        lease_seconds: Some(3600),
        ..Default::default()
    };
    let token = given.lease_token.unwrap();
    let told = a.heartbeat(&id, &token, beat).await.unwrap();
    let read = view(&a, &id).await.0;
    assert_eq!(read.job.lease_expires_at, Some(told.lease_expires_at));
    desk.close([a]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_has_no_token_of_a_lease() {
    let mut desk = Desk::new().await;
    let a = desk.server().await;
    let id = desk.app.queued().await.id;
    let given = a.claim_jobs(claim("w")).await.unwrap().remove(0).job;
    let patience = Patience::begin();
    loop {
        let job = view(&a, &id).await;
        let key = key_of(&mut desk, &id).await;
        if let Value::BulkString(entry) = desk.redis.run(&["HGET", &key, "job"]).await {
            let entry = String::from_utf8(entry).unwrap();
            assert!(!entry.contains(&given.lease_token.unwrap()), "{entry}");
            assert_eq!(job.0.job.worker_id.as_deref(), Some("w"));
            break;
        }
        patience.pause("Redis has the job").await;
    }
    desk.close([a]).await;
}
