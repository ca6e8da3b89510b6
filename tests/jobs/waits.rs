//! Workers that wait for a job: what wakes them, and what becomes of those who go away.

use crate::support::{Patience, TestApp, TestClock, any_job, claim};
use callsheet::jobs::{Claim, Claimed, JobManager, NewJob};
use chrono::TimeDelta;
use entity::JobStatus;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinHandle;

/// A worker that waits for a minute.
fn patient(worker_id: &str) -> Claim {
    Claim {
        wait_seconds: 60,
        ..claim(worker_id)
    }
}

fn wait(jobs: &JobManager, claim: Claim) -> JoinHandle<Vec<Claimed>> {
    let jobs = jobs.clone();
    tokio::spawn(async move { jobs.claim_jobs(claim).await.unwrap() })
}

/// Returns when this number of claims waits.
async fn waiting(jobs: &JobManager, count: usize) {
    let patience = Patience::begin();
    while jobs.idle_waits() != count {
        patience.pause("the claims wait").await;
    }
}

#[on_both]
async fn a_worker_that_waits_is_given_the_job_that_comes(t: TestApp) {
    let call = wait(&t, patient("w"));
    waiting(&t, 1).await;
    let id = t.queued().await.id;
    let claimed = call.await.unwrap();
    assert_eq!(claimed.iter().map(|c| &c.job.id).collect::<Vec<_>>(), [&id]);
}

#[on_both]
async fn jobs_that_come_one_by_one_are_given_to_as_many_who_wait(t: TestApp) {
    let calls: Vec<_> = (0..20)
        .map(|n| wait(&t, patient(&format!("w{n}"))))
        .collect();
    waiting(&t, 20).await;
    for _ in 0..20 {
        t.queued().await;
    }
    let mut ids = std::collections::HashSet::new();
    for call in calls {
        let claimed = call.await.unwrap();
        assert_eq!(claimed.len(), 1);
        ids.insert(claimed[0].job.id.clone());
    }
    assert_eq!(ids.len(), 20);
}

#[on_both]
async fn jobs_that_come_at_once_wake_the_next_until_none_is_left(t: TestApp) {
    let calls: Vec<_> = (0..5)
        .map(|n| {
            wait(
                &t,
                Claim {
                    max_jobs: 2,
                    ..patient(&format!("w{n}"))
                },
            )
        })
        .collect();
    waiting(&t, 5).await;
    t.create_jobs(vec![any_job(); 10], None).await.unwrap();
    for call in calls {
        assert!(!call.await.unwrap().is_empty());
    }
}

#[on_both]
async fn a_job_that_becomes_due_is_given_without_any_news(t: TestApp) {
    let later = t.now() + TimeDelta::minutes(5);
    let id = t
        .create(NewJob {
            run_at: Some(later),
            ..any_job()
        })
        .await
        .id;
    let call = wait(&t, patient("w"));
    waiting(&t, 1).await;
    t.clock.set(later);
    assert_eq!(call.await.unwrap()[0].job.id, id);
}

#[on_both]
async fn a_job_of_a_server_whose_clock_is_ahead_is_given_as_soon_as_it_is_due_here(t: TestApp) {
    // Hours until anyone looks without a reason.
    t.chance.set_jitter(1e4);
    let clock = Arc::new(TestClock::default());
    let behind = JobManager::new(t.database().clone(), clock.clone(), t.chance.clone());
    t.clock.advance(TimeDelta::milliseconds(5));
    let call = wait(&behind, patient("w"));
    waiting(&behind, 1).await;
    let job = t.queued().await;
    assert!(job.created_at > behind.now(), "the news came too early");
    clock.set(job.created_at);
    assert_eq!(call.await.unwrap()[0].job.id, job.id);
}

#[on_both]
async fn a_queue_that_is_resumed_and_a_place_that_gets_free_wake_who_waits(t: TestApp) {
    t.set_queue("idea2video", Some(true), None).await.unwrap();
    let (first, second) = (t.queued().await.id, t.queued().await.id);
    let call = wait(&t, patient("w1"));
    waiting(&t, 1).await;
    t.set_queue("idea2video", Some(false), Some(Some(1)))
        .await
        .unwrap();
    let held = call.await.unwrap().remove(0).job;
    assert_eq!(held.id, first);
    let call = wait(&t, patient("w2"));
    waiting(&t, 1).await;
    let guard = callsheet::jobs::Guard::lease(held.lease_token.unwrap());
    t.mark_completed(&first, None, guard).await.unwrap();
    assert_eq!(call.await.unwrap()[0].job.id, second);
}

#[on_both]
async fn a_queue_that_is_paused_while_workers_wait_gives_them_nothing_until_it_is_resumed(
    t: TestApp,
) {
    let calls: Vec<_> = (0..3)
        .map(|n| wait(&t, patient(&format!("w{n}"))))
        .collect();
    waiting(&t, 3).await;
    t.set_queue("idea2video", Some(true), None).await.unwrap();
    for _ in 0..3 {
        t.queued().await;
    }
    waiting(&t, 3).await;
    assert_eq!(
        t.list_queues().await.unwrap()[0].queued,
        3,
        "whoever was woken found nothing"
    );
    t.set_queue("idea2video", Some(false), None).await.unwrap();
    for call in calls {
        assert_eq!(call.await.unwrap().len(), 1);
    }
}

#[on_both]
async fn a_worker_that_goes_away_while_it_waits_takes_nothing(t: TestApp) {
    let gone: Vec<_> = (0..4)
        .map(|n| wait(&t, patient(&format!("gone{n}"))))
        .collect();
    waiting(&t, 4).await;
    gone.iter().for_each(JoinHandle::abort);
    for call in gone {
        assert!(call.await.is_err());
    }
    let id = t.queued().await.id;
    assert_eq!(t.get_job(&id).await.unwrap().status, JobStatus::Queued);
    assert_eq!(t.claimed("w").await.job.id, id);
}

#[on_both]
async fn jobs_of_a_worker_that_went_away_before_it_had_them_are_queued_again(t: TestApp) {
    for round in 0..40 {
        let id = t.queued().await.id;
        let call = wait(&t, claim("hasty"));
        for _ in 0..round * 7 {
            tokio::task::yield_now().await;
        }
        call.abort();
        let kept = call.await;
        // Given to another at last, unless the answer had arrived.
        if kept.is_err() {
            t.claims_settled().await;
            assert_eq!(t.get_job(&id).await.unwrap().status, JobStatus::Queued);
            assert_eq!(t.claimed("w").await.job.attempt, 1, "the attempt came back");
        }
        t.whole(&id).await.assert_history_is_whole();
    }
}

#[on_both]
async fn an_empty_wait_ends_when_it_was_to_and_when_the_server_stops(t: TestApp) {
    let began = Instant::now();
    assert!(
        t.claim_jobs(Claim {
            wait_seconds: 1,
            ..claim("w")
        })
        .await
        .unwrap()
        .is_empty()
    );
    assert!(began.elapsed() >= Duration::from_secs(1));
    let call = wait(&t, patient("w"));
    waiting(&t, 1).await;
    t.end_waits();
    assert!(call.await.unwrap().is_empty());
    assert!(
        t.claim_jobs(patient("w")).await.unwrap().is_empty(),
        "nobody waits any more"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_on_another_server_wakes_who_waits_on_postgres() {
    crate::support::run(crate::support::Backend::Postgres, |t: TestApp| async move {
        let other = t.another().await;
        let db = other.database().clone();
        let mut news = db.change_bus().subscribe();
        let listening = tokio::spawn(async move { db.listen().await });
        // From here on it listens.
        assert!(news.next().await.more);
        let call = wait(&other, patient("w"));
        waiting(&other, 1).await;
        let id = t.queued().await.id;
        assert_eq!(call.await.unwrap()[0].job.id, id);
        listening.abort();
        other.database().clone().close().await.unwrap();
    })
    .await;
}

#[on_both]
async fn no_more_types_are_waited_for_than_a_server_holds_and_one_who_goes_makes_room(t: TestApp) {
    let of = |n: usize| Claim {
        job_types: (0..100).map(|kind| format!("type-{n}-{kind}")).collect(),
        ..patient("w")
    };
    let calls: Vec<_> = (0..1000).map(|n| wait(&t, of(n))).collect();
    let patience = Patience::begin();
    while t.waits() < 1000 {
        patience.pause("1,000 claims wait").await;
    }
    crate::support::refusal(t.claim_jobs(patient("more")).await, "overloaded");
    assert!(
        t.claim_jobs(claim("w")).await.unwrap().is_empty(),
        "who does not wait is answered"
    );
    calls[0].abort();
    let patience = Patience::begin();
    while t.waits() == 1000 {
        patience.pause("one claim has gone").await;
    }
    let call = wait(&t, patient("more"));
    let id = t.queued().await.id;
    assert_eq!(call.await.unwrap()[0].job.id, id);
    calls.iter().for_each(JoinHandle::abort);
    let patience = Patience::begin();
    while t.waits() > 0 {
        patience.pause("all claims have gone").await;
    }
}
