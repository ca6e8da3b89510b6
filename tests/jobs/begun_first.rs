//! Work that was begun goes before new work of its priority.

use crate::support::{TestApp, any_job, claim, for_now};
use callsheet::jobs::{Claim, Guard, Heartbeat, NewJob};
use chrono::TimeDelta;

async fn new(t: &TestApp, id: &str, priority: i16) {
    t.clock.advance(TimeDelta::seconds(1));
    t.create(NewJob {
        job_id: Some(id.into()),
        priority,
        ..any_job()
    })
    .await;
}

#[on_both]
async fn failed_rescued_released_and_retried_jobs_go_before_all_made_meanwhile(t: TestApp) {
    for id in ["failed", "rescued", "released", "retried"] {
        new(&t, id, 0).await;
    }
    let mut tokens = Vec::new();
    for _ in 0..4 {
        tokens.push(t.claimed("w").await.job.lease_token.unwrap());
    }
    for n in 0..20 {
        new(&t, &format!("new-{n}"), 0).await;
    }
    t.heartbeat("rescued", &tokens[1], Heartbeat::default())
        .await
        .unwrap();
    t.mark_failed("failed", for_now("busy"), Guard::lease(&*tokens[0]))
        .await
        .unwrap();
    t.release_job("released", Guard::lease(&*tokens[2]))
        .await
        .unwrap();
    t.mark_failed(
        "retried",
        crate::support::for_good("no"),
        Guard::lease(&*tokens[3]),
    )
    .await
    .unwrap();
    t.retry_job("retried", None).await.unwrap();
    t.clock.advance(TimeDelta::minutes(2));
    assert_eq!(t.rescue_jobs().await.unwrap(), 1);
    t.clock.advance(TimeDelta::minutes(2));
    new(&t, "urgent", 1).await;
    let all = Claim {
        max_jobs: 100,
        ..claim("w")
    };
    let given = t.claim_jobs(all).await.unwrap();
    let given: Vec<_> = given.iter().map(|one| one.job.id.as_str()).collect();
    assert_eq!(
        given[..6],
        [
            "urgent", "released", "retried", "failed", "rescued", "new-0"
        ]
    );
    assert_eq!(given.len(), 25);
}

#[on_both]
async fn a_begun_job_that_is_not_due_yet_keeps_no_new_one_waiting(t: TestApp) {
    new(&t, "begun", 0).await;
    let token = t.claimed("w").await.job.lease_token.unwrap();
    t.mark_failed("begun", for_now("busy"), Guard::lease(token))
        .await
        .unwrap();
    new(&t, "new", 0).await;
    assert_eq!(t.claimed("w").await.job.id, "new");
    assert!(t.claim_jobs(claim("w")).await.unwrap().is_empty());
}

#[on_both]
async fn a_claim_over_forty_types_keeps_the_order_whatever_the_limit(t: TestApp) {
    let mut expected = Vec::new();
    for n in 0..120 {
        t.clock.advance(TimeDelta::milliseconds(1));
        let job_type = format!("type-{}", (n * 7) % 40);
        expected.push(
            t.create(NewJob {
                job_type,
                ..any_job()
            })
            .await
            .id,
        );
    }
    let mut given = Vec::new();
    for max_jobs in [1, 3, 30, 50, 1000] {
        let claim = Claim {
            job_types: (0..40).map(|n| format!("type-{n}")).collect(),
            max_jobs,
            ..claim("w")
        };
        let claimed = t.claim_jobs(claim).await.unwrap();
        given.extend(claimed.into_iter().map(|one| one.job.id));
    }
    assert_eq!(given, expected);
}
