//! watch_leases: workers have time to come back before their jobs are taken from them.

use crate::support::{TestApp, any_job, claim};
use callsheet::{
    db::{Fault, Faults, Options, Step},
    error::Error,
    jobs::{Guard, Heartbeat, JobManager, NewJob, Progress},
};
use chrono::TimeDelta;
use entity::JobStatus;
use sea_orm::{DbErr, RuntimeErr};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

const SECOND: TimeDelta = TimeDelta::seconds(1);

/// Lets seconds pass, with a round of the rescue each second; returns how many jobs were taken.
async fn seconds(t: &TestApp, jobs: &JobManager, seconds: usize) -> u64 {
    let mut taken = 0;
    for _ in 0..seconds {
        t.clock.advance(SECOND);
        taken += jobs.watch_leases(None).await.unwrap();
    }
    taken
}

/// Claims a job, and reports on it once; returns its id and its token.
async fn held(t: &TestApp) -> (String, String) {
    let id = t.queued().await.id;
    let token = t.claimed("w1").await.job.lease_token.unwrap();
    t.heartbeat(&id, &token, Heartbeat::default())
        .await
        .unwrap();
    (id, token)
}

#[on_both]
async fn after_a_start_a_worker_has_twelve_seconds_to_come_back(t: TestApp) {
    let (id, token) = held(&t).await;
    t.clock.advance(TimeDelta::minutes(3));
    let restarted = t.another().await;
    assert_eq!(restarted.watch_leases(None).await.unwrap(), 0);
    assert_eq!(seconds(&t, &restarted, 11).await, 0);
    restarted
        .heartbeat(&id, &token, Heartbeat::default())
        .await
        .unwrap();
    assert_eq!(seconds(&t, &restarted, 59).await, 0);
    assert_eq!(
        seconds(&t, &restarted, 2).await,
        1,
        "within a second or two"
    );
    restarted.database().clone().close().await.unwrap();
}

#[on_both]
async fn three_restarts_in_a_row_use_up_no_attempt(t: TestApp) {
    let (id, token) = held(&t).await;
    for _ in 0..3 {
        t.clock.advance(TimeDelta::minutes(3));
        let restarted = t.another().await;
        restarted.watch_leases(None).await.unwrap();
        assert_eq!(seconds(&t, &restarted, 8).await, 0);
        restarted
            .heartbeat(&id, &token, Heartbeat::default())
            .await
            .unwrap();
        restarted.database().clone().close().await.unwrap();
    }
    let job = t.get_job(&id).await.unwrap();
    assert_eq!((job.status, job.attempt), (JobStatus::Processing, 1));
}

#[on_both]
async fn a_lease_that_ends_while_nothing_is_wrong_is_found_at_once(t: TestApp) {
    t.watch_leases(None).await.unwrap();
    seconds(&t, &t, 15).await;
    held(&t).await;
    assert_eq!(seconds(&t, &t, 59).await, 0);
    assert_eq!(seconds(&t, &t, 1).await, 1);
}

#[on_both]
async fn a_server_that_stood_still_gives_workers_their_time_again(t: TestApp) {
    t.watch_leases(None).await.unwrap();
    seconds(&t, &t, 15).await;
    held(&t).await;
    t.clock.advance(TimeDelta::minutes(2));
    assert_eq!(seconds(&t, &t, 11).await, 0);
    assert_eq!(seconds(&t, &t, 3).await, 1);
}

#[on_both]
async fn after_writes_failed_workers_have_their_time_to_come_back(t: TestApp) {
    let away = Arc::new(AtomicBool::new(false));
    let now = away.clone();
    let faults = Faults(Arc::new(move |step| {
        (step == Step::Begin && now.load(Ordering::SeqCst))
            .then(|| Fault::Before(DbErr::Conn(RuntimeErr::Internal("the disk is gone".into()))))
    }));
    let db = callsheet::db::Database::connect(&Options {
        faults: Some(faults),
        ..Options::new(&t.db.url)
    })
    .await
    .unwrap();
    let server = JobManager::new(db, t.clock.clone(), t.chance.clone());
    server.watch_leases(None).await.unwrap();
    seconds(&t, &server, 15).await;
    let (id, token) = held(&t).await;
    away.store(true, Ordering::SeqCst);
    for _ in 0..100 {
        let refused = server.heartbeat(&id, &token, Heartbeat::default()).await;
        assert!(matches!(refused, Err(Error::Unavailable(_))));
        assert_eq!(seconds(&t, &server, 1).await, 0);
    }
    away.store(false, Ordering::SeqCst);
    assert_eq!(seconds(&t, &server, 10).await, 0);
    server
        .heartbeat(&id, &token, Heartbeat::default())
        .await
        .unwrap();
    assert_eq!(seconds(&t, &server, 50).await, 0);
    assert_eq!(seconds(&t, &server, 12).await, 1);
    server.database().clone().close().await.unwrap();
}

#[on_both]
async fn a_clock_that_jumps_an_hour_ahead_takes_no_job_from_a_live_worker(t: TestApp) {
    t.watch_leases(None).await.unwrap();
    seconds(&t, &t, 15).await;
    let (live, token) = held(&t).await;
    let (silent, _) = held(&t).await;
    seconds(&t, &t, 10).await;
    t.clock.jump(TimeDelta::hours(1));
    assert_eq!(seconds(&t, &t, 20).await, 0);
    t.heartbeat(&live, &token, Heartbeat::default())
        .await
        .unwrap();
    assert_eq!(seconds(&t, &t, 29).await, 0);
    assert_eq!(
        seconds(&t, &t, 2).await,
        1,
        "a minute after its last heartbeat"
    );
    assert_eq!(
        t.get_job(&live).await.unwrap().status,
        JobStatus::Processing
    );
    assert_eq!(t.get_job(&silent).await.unwrap().status, JobStatus::Queued);
    assert_eq!(
        seconds(&t, &t, 32).await,
        1,
        "the other one after its own minute"
    );
}

#[on_both]
async fn a_server_that_starts_after_its_clock_was_set_back_takes_leases_at_their_ends(t: TestApp) {
    let (live, token) = held(&t).await;
    let (silent, _) = held(&t).await;
    t.clock.jump(-TimeDelta::hours(1));
    let restarted = t.another().await;
    assert_eq!(restarted.watch_leases(None).await.unwrap(), 0);
    assert_eq!(seconds(&t, &restarted, 30).await, 0);
    restarted
        .heartbeat(&live, &token, Heartbeat::default())
        .await
        .unwrap();
    assert_eq!(seconds(&t, &restarted, 29).await, 0);
    assert_eq!(
        seconds(&t, &restarted, 2).await,
        1,
        "a minute after its last heartbeat, not an hour and a minute"
    );
    assert_eq!(t.get_job(&silent).await.unwrap().status, JobStatus::Queued);
    assert_eq!(
        t.get_job(&live).await.unwrap().status,
        JobStatus::Processing
    );
    restarted.database().clone().close().await.unwrap();
}

#[on_both]
async fn a_clock_that_jumps_an_hour_back_leaves_no_lease_an_hour_longer(t: TestApp) {
    t.watch_leases(None).await.unwrap();
    seconds(&t, &t, 15).await;
    let (live, token) = held(&t).await;
    let (silent, _) = held(&t).await;
    seconds(&t, &t, 10).await;
    t.clock.jump(-TimeDelta::hours(1));
    seconds(&t, &t, 20).await;
    t.heartbeat(&live, &token, Heartbeat::default())
        .await
        .unwrap();
    assert_eq!(seconds(&t, &t, 29).await, 0);
    assert_eq!(seconds(&t, &t, 2).await, 1);
    assert_eq!(t.get_job(&silent).await.unwrap().status, JobStatus::Queued);
    assert_eq!(
        t.get_job(&live).await.unwrap().status,
        JobStatus::Processing
    );
}

#[on_both]
async fn a_lease_given_by_a_clock_that_was_right_again_before_anyone_looked_ends_in_time(
    t: TestApp,
) {
    t.watch_leases(None).await.unwrap();
    seconds(&t, &t, 15).await;
    t.clock.jump(TimeDelta::hours(1));
    let id = t.queued().await.id;
    t.claimed("w1").await;
    t.clock.jump(-TimeDelta::hours(1));
    assert_eq!(seconds(&t, &t, 58).await, 0);
    assert_eq!(seconds(&t, &t, 4).await, 1);
    assert_eq!(t.get_job(&id).await.unwrap().status, JobStatus::Queued);
}

/// Reports progress under the lease, which does not extend it.
async fn report(t: &TestApp, id: &str, token: &str) {
    let progress = Progress {
        current_stage: Some("Mixing sound".into()),
        ..Progress::default()
    };
    let guard = Guard {
        lease: Some(token.into()),
        ..Guard::default()
    };
    t.update_progress(id, progress, guard).await.unwrap();
}

#[on_both]
async fn a_report_after_a_jump_of_the_clock_moves_no_end_of_a_lease(t: TestApp) {
    for hours in [1, -1] {
        let server = t.another().await;
        server.watch_leases(None).await.unwrap();
        seconds(&t, &server, 15).await;
        let (id, token) = held(&t).await;
        seconds(&t, &server, 10).await;
        t.clock.jump(TimeDelta::hours(hours));
        seconds(&t, &server, 5).await;
        report(&t, &id, &token).await;
        let rest = 60 - 15;
        // Going back, the report counts from when the worker was last heard of: it is late by what
        // passed since.
        assert_eq!(seconds(&t, &server, rest - 1).await, 0, "{hours} h");
        assert_eq!(seconds(&t, &server, 18).await, 1, "{hours} h");
        assert_eq!(t.get_job(&id).await.unwrap().status, JobStatus::Queued);
        t.cancel_job(&id, None, None).await.unwrap();
        server.database().clone().close().await.unwrap();
    }
}

#[on_both]
async fn a_server_whose_clock_is_beside_takes_no_job(t: TestApp) {
    let beside = Some(TimeDelta::seconds(40));
    t.watch_leases(beside).await.unwrap();
    held(&t).await;
    for _ in 0..90 {
        t.clock.advance(SECOND);
        assert_eq!(t.watch_leases(beside).await.unwrap(), 0);
    }
    assert_eq!(t.watch_leases(Some(TimeDelta::zero())).await.unwrap(), 1);
}

#[on_both]
async fn a_job_without_run_at_is_due_whatever_the_clock_that_made_it_showed(t: TestApp) {
    t.clock.jump(TimeDelta::hours(1));
    let id = t.queued().await.id;
    let later = t.now();
    t.create(NewJob {
        run_at: Some(later),
        ..any_job()
    })
    .await;
    t.clock.jump(-TimeDelta::hours(1));
    assert_eq!(t.claimed("w").await.job.id, id);
    assert!(
        t.claim_jobs(claim("w")).await.unwrap().is_empty(),
        "the other one has a time of its own"
    );
}
