//! Redis that hangs, is slow, cuts, garbles, or refuses the password: each read is answered by the
//! database, and at most five wait for Redis.

use super::{
    Desk, PATIENT,
    lines::{Line, Mode},
    of_redis, percent, server, view,
};
use crate::support::Patience;
use callsheet::{
    db::{REDIS_BUDGET, RedisOptions},
    jobs::ReadSource,
};
use std::time::{Duration, Instant};

/// Longer than any test takes.
const FOREVER: Duration = Duration::from_secs(600);

#[test]
fn a_call_of_a_server_has_twenty_milliseconds() {
    assert_eq!(REDIS_BUDGET, Duration::from_millis(20));
    assert_eq!(RedisOptions::new("redis://h").budget, REDIS_BUDGET);
}

async fn survives(mode: Mode) {
    let desk = Desk::new().await;
    let line = Line::to(&desk.redis.url).await;
    let budget = Duration::from_millis(300);
    let jobs = server(&desk.app, &line.url, budget, 0).await;
    let tier = jobs.database().redis().unwrap().clone();
    let id = desk.app.started().await.id;
    of_redis(&jobs, &id).await;
    line.set(mode);
    let (before, began) = (tier.numbers().failures, Instant::now());
    for step in 1..=30 {
        let read = view(&jobs, &id).await;
        assert_eq!(read.1, ReadSource::Database, "{mode:?}, read {step}");
    }
    assert!(began.elapsed() < Duration::from_secs(30), "{mode:?}");
    let failures = tier.numbers().failures - before;
    assert!(failures <= 5, "{mode:?}: {failures} reads waited");
    assert!(!tier.state().is_up, "{mode:?}");
    assert!(tier.state().error.is_some());
    // Writes are not delayed, and are read.
    let written = jobs
        .update_progress(&id, percent(42.0), None)
        .await
        .unwrap();
    assert_eq!(view(&jobs, &id).await.0.job, written);
    line.set(Mode::Forwards);
    let patience = Patience::begin();
    while !tier.state().is_up {
        patience.pause("a probe finds Redis").await;
    }
    assert_eq!(of_redis(&jobs, &id).await.job, written);
    desk.close([jobs]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_costs_five_reads_their_budget() {
    survives(Mode::Hangs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_slow_costs_five_reads_their_budget() {
    survives(Mode::Delays(FOREVER)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_cuts_its_connections_costs_nothing() {
    survives(Mode::Cuts).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_answers_garbage_costs_nothing() {
    survives(Mode::Garbles).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_leaves_the_server_on_its_database_and_is_no_part_of_what_it_says() {
    let desk = Desk::new().await;
    let url = desk.redis.url_as("default", "hunter2");
    let jobs = server(&desk.app, &url, PATIENT, 0).await;
    let id = desk.app.queued().await.id;
    assert_eq!(view(&jobs, &id).await.1, ReadSource::Database);
    let health = jobs.get_health().await;
    let redis = health.redis.unwrap();
    assert!(!redis.is_up);
    let error = redis.error.unwrap().to_lowercase();
    assert!(error.contains("authentication"), "{error}");
    assert!(
        !health.reasons.concat().contains("hunter2"),
        "{:?}",
        health.reasons
    );
    assert_eq!(jobs.database().redis().unwrap().numbers().failures, 0);
    desk.close([jobs]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_others_under_the_name_of_an_entry_are_no_errors() {
    let mut desk = Desk::new().await;
    let jobs = desk.server().await;
    let id = desk.app.queued().await.id;
    of_redis(&jobs, &id).await;
    // A key of another type, and an entry that is no job and never expires.
    let keys = desk.redis.run(&["KEYS", "*job:*"]).await;
    let redis::Value::Array(keys) = keys else {
        panic!("{keys:?}")
    };
    let Some(redis::Value::BulkString(key)) = keys.first() else {
        panic!("{keys:?}")
    };
    let key = String::from_utf8(key.clone()).unwrap();
    desk.redis.run(&["SET", &key, "text"]).await;
    view(&jobs, &id).await;
    desk.redis.run(&["DEL", &key]).await;
    desk.redis
        .run(&["HSET", &key, "job", "[]", "version", "x"])
        .await;
    view(&jobs, &id).await;
    assert_eq!(of_redis(&jobs, &id).await.job.id, id);
    assert_eq!(jobs.database().redis().unwrap().numbers().failures, 0);
    desk.close([jobs]).await;
}
