//! rescue_jobs: what is taken from a worker that was not heard of in time.

use crate::support::{TestApp, any_job, at_once, claim};
use callsheet::jobs::{Claim, Guard, Heartbeat, ItemReport, NewItem, NewJob};
use chrono::TimeDelta;
use entity::{ItemStatus, JobStatus};

const MINUTE: TimeDelta = TimeDelta::seconds(60);

#[on_both]
async fn a_job_goes_back_to_the_queue_when_its_lease_ends_and_keeps_what_is_done(t: TestApp) {
    let items = ["a", "b"].map(|key| NewItem {
        key: key.into(),
        input: None,
    });
    let id = t
        .create(NewJob {
            items: items.into(),
            ..any_job()
        })
        .await
        .id;
    let token = t.claimed("w1").await.job.lease_token.unwrap();
    let done = ItemReport {
        key: Some("a".into()),
        idx: None,
        status: ItemStatus::Completed,
        result: None,
        error: None,
    };
    t.report_items(&id, vec![done], Guard::lease(token.clone()))
        .await
        .unwrap();
    t.clock.advance(MINUTE - TimeDelta::microseconds(1));
    assert_eq!(t.rescue_jobs().await.unwrap(), 0);
    let now = t.clock.advance(TimeDelta::microseconds(1));
    assert_eq!(t.rescue_jobs().await.unwrap(), 1);
    assert_eq!(t.rescue_jobs().await.unwrap(), 0, "once");
    let whole = t.whole(&id).await;
    let job = whole.job.as_ref().unwrap();
    assert_eq!(
        (job.status, job.attempt, job.progress, &job.worker_id),
        (JobStatus::Queued, 1, 50.0, &None)
    );
    assert_eq!((&job.lease_token, job.lease_expires_at), (&None, None));
    assert_eq!(job.run_at, Some(now + TimeDelta::milliseconds(2500)));
    assert_eq!(
        job.error_message.as_deref(),
        Some("lease expired: worker w1 was not heard of by 2026-01-01 00:01:00 UTC")
    );
    assert_eq!(
        whole.kinds(),
        ["created", "started", "items_reported", "rescued"]
    );
    assert_eq!(whole.events[3].data.as_ref().unwrap()["worker_id"], "w1");
    whole.assert_history_is_whole();
    t.refused(
        &id,
        "lease_lost",
        t.mark_completed(&id, None, Guard::lease(token.clone())),
    )
    .await;
    t.refused(&id, "lease_lost", t.release_job(&id, Guard::lease(token)))
        .await;
    t.clock.set(job.run_at.unwrap());
    let next = t.claimed("w2").await;
    assert_eq!(
        (next.job.attempt, next.items[0].status),
        (2, ItemStatus::Completed)
    );
}

#[on_both]
async fn the_last_attempt_that_falls_silent_fails_the_job(t: TestApp) {
    let id = t
        .create(NewJob {
            max_attempts: Some(1),
            ..any_job()
        })
        .await
        .id;
    let token = t.claimed("w1").await.job.lease_token.unwrap();
    t.heartbeat(&id, &token, Heartbeat::default())
        .await
        .unwrap();
    let now = t.clock.advance(MINUTE);
    assert_eq!(t.rescue_jobs().await.unwrap(), 1);
    let whole = t.whole(&id).await;
    let job = whole.job.as_ref().unwrap();
    assert_eq!(
        (job.status, job.attempt, job.completed_at),
        (JobStatus::Failed, 1, Some(now))
    );
    assert!(
        job.error_message
            .as_ref()
            .unwrap()
            .starts_with("lease expired: worker w1")
    );
    whole.assert_history_is_whole();
}

#[on_both]
async fn a_job_that_is_not_wanted_is_cancelled_when_its_worker_never_says_so(t: TestApp) {
    let id = t.queued().await.id;
    t.claimed("w1").await;
    t.cancel_job(&id, Some("changed my mind".into()), None)
        .await
        .unwrap();
    t.clock.advance(MINUTE);
    assert_eq!(t.rescue_jobs().await.unwrap(), 1);
    let whole = t.whole(&id).await;
    let job = whole.job.as_ref().unwrap();
    assert_eq!(
        (job.status, job.cancel_requested_at, &job.lease_token),
        (JobStatus::Cancelled, None, &None)
    );
    assert_eq!(
        whole.kinds(),
        ["created", "started", "cancel_requested", "cancelled"]
    );
    whole.assert_history_is_whole();
}

#[on_both]
async fn many_are_rescued_once_however_many_servers_do_it_at_once(t: TestApp) {
    for _ in 0..1200 {
        t.queued().await;
    }
    let mut ids = Vec::new();
    for max_jobs in [1000, 200] {
        ids.extend(
            t.claim_jobs(Claim {
                max_jobs,
                ..claim("w")
            })
            .await
            .unwrap()
            .into_iter()
            .map(|c| c.job.id),
        );
    }
    let unleased = t.started().await.id;
    t.clock.advance(MINUTE);
    let others = [(*t).clone(), t.another().await, t.another().await];
    let rescued = at_once(
        others
            .clone()
            .map(|jobs| async move { jobs.rescue_jobs().await.unwrap() }),
    )
    .await;
    let rest = t.rescue_jobs().await.unwrap();
    assert_eq!(
        rescued.iter().sum::<u64>() + rest,
        1200,
        "{rescued:?} and {rest}"
    );
    for id in ids.iter().step_by(97) {
        let whole = t.whole(id).await;
        assert_eq!(whole.kinds(), ["created", "started", "rescued"]);
        whole.assert_history_is_whole();
    }
    assert_eq!(
        t.get_job(&unleased).await.unwrap().status,
        JobStatus::Processing,
        "nobody holds it by a lease"
    );
    for jobs in &others[1..] {
        jobs.database().clone().close().await.unwrap();
    }
}

#[on_both]
async fn an_attempt_whose_worker_was_never_heard_of_does_not_count(t: TestApp) {
    let id = t
        .create(NewJob {
            max_attempts: Some(1),
            ..any_job()
        })
        .await
        .id;
    for restart in 1..=3 {
        let claimed = t.claimed("w1").await.job;
        assert_eq!(claimed.attempt, 1, "claim {restart}");
        t.clock.advance(MINUTE);
        assert_eq!(t.rescue_jobs().await.unwrap(), 1);
        let job = t.get_job(&id).await.unwrap();
        assert_eq!(
            (job.status, job.attempt, job.unheard_claims),
            (JobStatus::Queued, 0, restart)
        );
        t.clock.set(job.run_at.unwrap());
    }
    let token = t.claimed("w1").await.job.lease_token.unwrap();
    t.heartbeat(&id, &token, Heartbeat::default())
        .await
        .unwrap();
    t.clock.advance(MINUTE);
    t.rescue_jobs().await.unwrap();
    let whole = t.whole(&id).await;
    let job = whole.job.as_ref().unwrap();
    assert_eq!((job.status, job.attempt), (JobStatus::Failed, 1));
    let uncounted = &whole.events[2].data.as_ref().unwrap()["counted"];
    assert_eq!(uncounted, false);
    whole.assert_history_is_whole();
}

#[on_both]
async fn a_job_that_takes_down_every_worker_at_once_is_not_tried_for_ever(t: TestApp) {
    let id = t
        .create(NewJob {
            max_attempts: Some(2),
            ..any_job()
        })
        .await
        .id;
    let mut claims = 0;
    while t.get_job(&id).await.unwrap().status == JobStatus::Queued {
        t.claimed("w1").await;
        claims += 1;
        t.clock.advance(MINUTE);
        t.rescue_jobs().await.unwrap();
        let job = t.get_job(&id).await.unwrap();
        t.clock.set(job.run_at.unwrap_or(t.now()).max(t.now()));
    }
    assert_eq!(t.get_job(&id).await.unwrap().status, JobStatus::Failed);
    assert!((12..=25).contains(&claims), "{claims} claims");
}

#[on_both]
async fn a_lease_longer_than_the_longest_allowed_is_none(t: TestApp) {
    let job = t.started().await;
    t.lease(&job.id, t.now() + TimeDelta::days(400)).await;
    assert_eq!(t.rescue_jobs().await.unwrap(), 1);
    let other = t.started().await;
    t.lease(&other.id, t.now() + TimeDelta::days(1)).await;
    assert_eq!(t.rescue_jobs().await.unwrap(), 0);
}
