//! A claim that is asked again gets what the first one got.

use crate::support::{TestApp, any_job, at_once, claim};
use callsheet::jobs::{Claim, Guard, NewItem, NewJob};
use chrono::TimeDelta;
use entity::JobStatus;
use std::collections::HashSet;

fn call(worker_id: &str, call_id: &str, max_jobs: u32) -> Claim {
    Claim {
        max_jobs,
        call_id: Some(call_id.into()),
        ..claim(worker_id)
    }
}

#[on_both]
async fn the_same_call_gets_the_same_jobs_with_their_items_and_leases_begun_anew(t: TestApp) {
    for n in 0..3 {
        let item = NewItem {
            key: n.to_string(),
            input: None,
        };
        t.create(NewJob {
            items: vec![item],
            ..any_job()
        })
        .await;
        t.clock.advance(TimeDelta::seconds(1));
    }
    let first = t.claim_jobs(call("w", "c1", 2)).await.unwrap();
    let now = t.clock.advance(TimeDelta::seconds(30));
    let again = t.claim_jobs(call("w", "c1", 2)).await.unwrap();
    let told = |claimed: &[callsheet::jobs::Claimed]| -> Vec<_> {
        let one = |one: &callsheet::jobs::Claimed| {
            let job = one.job.clone();
            (
                job.id,
                job.lease_token,
                job.attempt,
                job.version,
                one.items.len(),
            )
        };
        claimed.iter().map(one).collect()
    };
    assert_eq!(told(&again), told(&first));
    assert_eq!(again.len(), 2);
    for claimed in &again {
        let expires = claimed.job.lease_expires_at;
        assert_eq!(expires, Some(now + TimeDelta::seconds(60)));
        assert_eq!(
            t.whole(&claimed.job.id).await.kinds(),
            ["created", "started"]
        );
    }
    let others = [call("w", "c2", 5), call("other", "c1", 5)];
    let [new, none] = others.map(|call| t.claim_jobs(call));
    assert_eq!(
        (new.await.unwrap().len(), none.await.unwrap().len()),
        (1, 0)
    );
}

#[on_both]
async fn a_call_whose_jobs_have_ended_gets_new_ones(t: TestApp) {
    let first = t.queued().await.id;
    let claimed = t
        .claim_jobs(call("w", "c1", 1))
        .await
        .unwrap()
        .remove(0)
        .job;
    t.mark_completed(&first, None, Guard::lease(claimed.lease_token.unwrap()))
        .await
        .unwrap();
    assert!(t.claim_jobs(call("w", "c1", 1)).await.unwrap().is_empty());
    let second = t.queued().await.id;
    let claimed = t.claim_jobs(call("w", "c1", 1)).await.unwrap();
    assert_eq!(claimed[0].job.id, second);
    assert_eq!(claimed[0].job.status, JobStatus::Processing);
}

#[on_both]
async fn a_call_that_is_made_ten_times_at_once_claims_once(t: TestApp) {
    for _ in 0..30 {
        t.queued().await;
    }
    let other = t.another().await;
    let calls = (0..10).map(|n| {
        let jobs = if n % 2 == 0 {
            (*t).clone()
        } else {
            other.clone()
        };
        async move { jobs.claim_jobs(call("w", "c", 2)).await.unwrap() }
    });
    let mut given = HashSet::new();
    for claimed in at_once(calls).await {
        assert_eq!(claimed.len(), 2);
        given.extend(claimed.into_iter().map(|claimed| claimed.job.id));
    }
    assert_eq!(given.len(), 2);
    other.database().clone().close().await.unwrap();
}
