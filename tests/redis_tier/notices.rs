//! Commit notices by Redis, for a PostgreSQL whose own notifications cannot be had.

use crate::support::{Backend, Fixture, Patience, TestApp, TestRedis, any_job, claim};
use callsheet::{
    db::{Database, Options, RedisOptions, Subscription},
    jobs::{Claim, Guard, JobManager},
    notify_by::NotifyBy,
};
use std::time::Duration;
use tokio::task::JoinHandle;

async fn server(app: &TestApp, url: &str, notify_by: NotifyBy) -> JobManager {
    let redis = RedisOptions {
        budget: super::PATIENT,
        ..RedisOptions::new(url)
    };
    let options = Options {
        redis: Some(redis),
        notify_by,
        ..Options::new(&app.db.url)
    };
    let db = Database::connect(&options).await.unwrap();
    JobManager::new(db, app.clock.clone(), app.chance.clone())
}

/// A server that listens, and its notices from then on.
async fn listening(app: &TestApp, url: &str) -> (JobManager, Subscription, JoinHandle<()>) {
    let jobs = server(app, url, NotifyBy::Redis).await;
    let mut news = jobs.database().change_bus().subscribe();
    let db = jobs.database().clone();
    let listening = tokio::spawn(async move { db.listen().await });
    assert!(news.next().await.more, "it listens from here on");
    (jobs, news, listening)
}

#[tokio::test(flavor = "multi_thread")]
async fn another_server_hears_of_each_change_and_ones_own_come_once() {
    let app = TestApp::set_up(Backend::Postgres).await;
    let redis = TestRedis::empty().await;
    let (a, mut own, a_listens) = listening(&app, &redis.url).await;
    let (b, mut news, b_listens) = listening(&app, &redis.url).await;
    let first = a.create_job(any_job(), None).await.unwrap().job.id;
    assert_eq!(news.next().await.jobs[0].job_id, first);
    let second = a.create_job(any_job(), None).await.unwrap().job.id;
    assert_eq!(news.next().await.jobs[0].job_id, second);
    for id in [first, second] {
        assert_eq!(own.next().await.jobs[0].job_id, id);
    }
    let third = b.create_job(any_job(), None).await.unwrap().job.id;
    assert_eq!(
        own.next().await.jobs[0].job_id,
        third,
        "none of its own came twice"
    );
    for (jobs, listens) in [(a, a_listens), (b, b_listens)] {
        listens.abort();
        jobs.database().clone().close().await.unwrap();
    }
    app.tear_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_claim_and_a_waiting_read_at_the_other_server_are_woken() {
    let app = TestApp::set_up(Backend::Postgres).await;
    let redis = TestRedis::empty().await;
    let a = server(&app, &redis.url, NotifyBy::Redis).await;
    let (b, _, listens) = listening(&app, &redis.url).await;
    let waiting = Claim {
        wait_seconds: 60,
        ..claim("w")
    };
    let claimer = b.clone();
    let claimed = tokio::spawn(async move { claimer.claim_jobs(waiting).await.unwrap() });
    let patience = Patience::begin();
    while b.idle_waits() != 1 {
        patience.pause("the claim waits").await;
    }
    let id = a.create_job(any_job(), None).await.unwrap().job.id;
    let claimed = claimed.await.unwrap().remove(0).job;
    assert_eq!(claimed.id, id);
    let (reader, seen) = (b.clone(), claimed.version);
    let minute = Duration::from_secs(60);
    let of = id.clone();
    let read = tokio::spawn(async move { reader.wait_for_job(&of, Some(seen), minute).await });
    let token = claimed.lease_token.unwrap();
    a.release_job(&id, Guard::lease(&token)).await.unwrap();
    assert!(read.await.unwrap().unwrap().version > seen);
    listens.abort();
    for jobs in [a, b] {
        jobs.database().clone().close().await.unwrap();
    }
    app.tear_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_outage_of_redis_a_server_hears_that_any_job_may_have_changed() {
    let app = TestApp::set_up(Backend::Postgres).await;
    let mut redis = super::one_redis::OneRedis::start().await;
    let a = server(&app, &redis.url, NotifyBy::Redis).await;
    let (b, mut news, listens) = listening(&app, &redis.url).await;
    redis.kill().await;
    a.create_job(any_job(), None).await.unwrap();
    redis.again().await;
    assert!(news.next().await.more, "it listens again");
    let patience = Patience::begin();
    loop {
        let id = a.create_job(any_job(), None).await.unwrap().job.id;
        let heard = async {
            loop {
                let notice = news.next().await;
                if notice.more || notice.jobs.iter().any(|changed| changed.job_id == id) {
                    return;
                }
            }
        };
        let second = Duration::from_secs(1);
        if tokio::time::timeout(second, heard).await.is_ok() {
            break;
        }
        patience.pause("the sender finds Redis again").await;
    }
    listens.abort();
    for jobs in [a, b] {
        jobs.database().clone().close().await.unwrap();
    }
    redis.stop().await;
    app.tear_down().await;
}
