//! The five scenarios of an older service: normal, restart, Redis down, Redis recovery, clean-up.

use super::{Desk, PATIENT, of_redis, one_redis::OneRedis, percent, server, view};
use crate::support::Patience;
use callsheet::jobs::ReadSource;
use redis::Value;

#[tokio::test(flavor = "multi_thread")]
async fn normal_what_one_server_read_the_other_has_from_redis() {
    let desk = Desk::new().await;
    let (a, b) = (desk.server().await, desk.server().await);
    let id = desk.app.with_items(&["one", "two"]).await.id;
    desk.app.start(&id).await;
    desk.app
        .update_progress(&id, percent(1.0 / 3.0), None)
        .await
        .unwrap();
    let (whole, source) = view(&a, &id).await;
    assert_eq!(source, ReadSource::Database);
    let shared = of_redis(&b, &id).await;
    assert_eq!(shared.job, whole.job);
    assert_eq!(shared.items, whole.items);
    assert_eq!(shared.next_after, whole.next_after);
    let keeping = server(&desk.app, &desk.redis.url, PATIENT, 100).await;
    of_redis(&keeping, &id).await;
    assert_eq!(view(&keeping, &id).await.1, ReadSource::Memory);
    assert!(b.database().redis().unwrap().numbers().hits >= 1);
    desk.close([a, b, keeping]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn restart_a_new_server_begins_with_what_the_others_read() {
    let desk = Desk::new().await;
    let a = desk.server().await;
    let id = desk.app.queued().await.id;
    of_redis(&a, &id).await;
    a.database().clone().close().await.unwrap();
    let again = desk.server().await;
    assert_eq!(of_redis(&again, &id).await.job.id, id);
    desk.close([again]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn down_and_recovery_nothing_is_only_in_redis_and_it_resumes_by_itself() {
    let desk = Desk::new().await;
    let mut redis = OneRedis::start().await;
    let a = server(&desk.app, &redis.url, PATIENT, 0).await;
    let id = desk.app.started().await.id;
    of_redis(&a, &id).await;
    redis.kill().await;
    // Redis is down: reads and writes go on.
    for step in 1..=20 {
        let written = a
            .update_progress(&id, percent(f64::from(step)), None)
            .await
            .unwrap();
        let (read, source) = view(&a, &id).await;
        assert_eq!(source, ReadSource::Database);
        assert_eq!(read.job, written);
    }
    let patience = Patience::begin();
    while a.database().redis().unwrap().state().is_up {
        view(&a, &id).await;
        patience.pause("five calls fail").await;
    }
    let health = a.get_health().await;
    assert!(!health.redis.as_ref().unwrap().is_up);
    assert!(
        health
            .reasons
            .iter()
            .any(|why| why.starts_with("Redis at redis://:***@127.0.0.1"))
    );
    // Recovery.
    redis.again().await;
    let patience = Patience::begin();
    while !a.database().redis().unwrap().state().is_up {
        patience.pause("a probe finds Redis").await;
    }
    assert_eq!(of_redis(&a, &id).await.job.progress, 20.0);
    assert!(a.get_health().await.redis.unwrap().error.is_none());
    redis.stop().await;
    desk.close([a]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clean_up_every_key_expires_within_a_second() {
    let mut desk = Desk::new().await;
    let a = desk.server().await;
    for n in 0..20 {
        let id = desk.app.queued().await.id;
        of_redis(&a, &id).await;
        match n % 3 {
            0 => {
                a.cancel_job(&id, None, None).await.unwrap();
            }
            1 => a.delete_job(&id, None).await.unwrap(),
            _ => {}
        }
    }
    let keys = desk.redis.run(&["KEYS", "*"]).await;
    let Value::Array(keys) = keys else {
        panic!("{keys:?}")
    };
    for key in keys {
        let Value::BulkString(key) = key else {
            panic!("{key:?}")
        };
        let key = String::from_utf8(key).unwrap();
        let left = desk.redis.run(&["PTTL", &key]).await;
        assert!(matches!(left, Value::Int(-2 | 0..=1000)), "{key}: {left:?}");
    }
    let patience = Patience::begin();
    while desk.redis.run(&["DBSIZE"]).await != Value::Int(0) {
        patience.pause("all keys expire").await;
    }
    desk.close([a]).await;
}
