//! claim_jobs: who is given what, in which order.

use crate::support::{Backend, TestApp, any_job, at_once, claim, pointers, refusal};
use callsheet::jobs::{Claim, NewItem, NewJob};
use chrono::TimeDelta;
use entity::{JobStatus, job};
use sea_orm::{ActiveModelTrait, ActiveValue::Set};
use serde_json::json;
use std::collections::HashSet;

#[on_both]
async fn a_claim_counts_an_attempt_and_gives_a_lease_and_all_items(t: TestApp) {
    let items = ["a", "b"].map(|key| NewItem {
        key: key.into(),
        input: Some(json!({"of": key})),
    });
    let id = t
        .create(NewJob {
            items: items.into(),
            content: Some("A fox".into()),
            ..any_job()
        })
        .await
        .id;
    let now = t.clock.advance(TimeDelta::seconds(5));
    let claimed = t
        .claim_jobs(Claim {
            lease_seconds: 30,
            ..claim("w1")
        })
        .await
        .unwrap()
        .remove(0);
    let job = &claimed.job;
    assert_eq!(
        (job.id.as_str(), job.status, job.attempt, job.version),
        (id.as_str(), JobStatus::Processing, 1, 2)
    );
    assert_eq!(
        (job.worker_id.as_deref(), job.lease_expires_at),
        (Some("w1"), Some(now + TimeDelta::seconds(30)))
    );
    assert_eq!(
        (job.started_at, job.status_since, job.updated_at),
        (Some(now), Some(now), now)
    );
    assert_eq!(job.content.as_deref(), Some("A fox"));
    assert_eq!(
        claimed
            .items
            .iter()
            .map(|item| item.key.as_str())
            .collect::<Vec<_>>(),
        ["a", "b"]
    );
    let whole = t.whole(&id).await;
    assert_eq!(whole.job.as_ref(), Some(job), "the answer is the row");
    assert_eq!(whole.kinds(), ["created", "started"]);
    assert_eq!(
        whole.events[1].data,
        Some(json!({"attempt": 1, "worker_id": "w1"}))
    );
    assert_eq!(whole.events[1].seconds, Some(5.0));
    whole.assert_history_is_whole();
    assert!(t.claim_jobs(claim("w2")).await.unwrap().is_empty());
}

#[on_both]
async fn jobs_come_by_priority_then_when_due_then_by_age(t: TestApp) {
    let now = t.now();
    let at = |seconds| Some(now + TimeDelta::seconds(seconds));
    let kinds = ["b", "a"];
    let mut expected = Vec::new();
    for (priority, run_at) in [
        (0, None),
        (5, at(-50)),
        (5, None),
        (0, at(-10)),
        (-100, None),
        (5, at(1)),
        (100, at(60)),
    ] {
        for (i, kind) in kinds.iter().enumerate() {
            t.clock.advance(TimeDelta::milliseconds(1));
            let new = NewJob {
                job_type: (*kind).into(),
                priority,
                run_at,
                ..any_job()
            };
            let job = t.create(new).await;
            expected.push((
                -priority,
                run_at.unwrap_or(job.created_at),
                job.created_at,
                i,
                job.id,
            ));
        }
    }
    let now = t.now();
    expected.retain(|job| job.1 <= now);
    expected.sort();
    let mut given = Vec::new();
    for most in [1, 3, 2, 1000] {
        let job_types = kinds.map(String::from).into();
        let claimed = t
            .claim_jobs(Claim {
                max_jobs: most,
                job_types,
                ..claim("w")
            })
            .await
            .unwrap();
        assert!(claimed.len() <= most as usize);
        given.extend(claimed.into_iter().map(|claimed| claimed.job.id));
    }
    let ids = |jobs: &[(i16, _, _, usize, String)]| {
        jobs.iter().map(|job| job.4.clone()).collect::<Vec<_>>()
    };
    assert_eq!(given, ids(&expected));
    assert!(
        t.claim_jobs(claim("w")).await.unwrap().is_empty(),
        "the rest is not due, or of another type"
    );
}

#[on_both]
async fn no_job_is_given_twice_however_many_ask_at_once(t: TestApp) {
    for i in 0..60 {
        t.create(NewJob {
            priority: i % 3,
            ..any_job()
        })
        .await;
    }
    let other = t.another().await;
    let calls = (0..24).map(|n| {
        let jobs = if n % 2 == 0 {
            (*t).clone()
        } else {
            other.clone()
        };
        async move {
            jobs.claim_jobs(Claim {
                max_jobs: 5,
                ..claim(&format!("w{n}"))
            })
            .await
            .unwrap()
        }
    });
    let mut given: Vec<String> = Vec::new();
    for claimed in at_once(calls).await {
        assert!(claimed.len() <= 5);
        given.extend(claimed.into_iter().map(|claimed| claimed.job.id));
    }
    loop {
        let rest = t
            .claim_jobs(Claim {
                max_jobs: 7,
                ..claim("last")
            })
            .await
            .unwrap();
        if rest.is_empty() {
            break;
        }
        given.extend(rest.into_iter().map(|claimed| claimed.job.id));
    }
    assert_eq!(
        (given.len(), given.iter().collect::<HashSet<_>>().len()),
        (60, 60)
    );
    for id in &given {
        let whole = t.whole(id).await;
        assert_eq!(whole.kinds(), ["created", "started"]);
    }
    other.database().clone().close().await.unwrap();
}

#[on_both]
async fn a_thousand_jobs_with_items_are_one_claim(t: TestApp) {
    for i in 0..1001 {
        let items = (0..i % 3)
            .map(|n| NewItem {
                key: format!("{n}"),
                input: None,
            })
            .collect();
        t.create(NewJob { items, ..any_job() }).await;
    }
    let claimed = t
        .claim_jobs(Claim {
            max_jobs: 1000,
            ..claim("w")
        })
        .await
        .unwrap();
    assert_eq!(claimed.len(), 1000);
    for claimed in &claimed {
        assert_eq!(
            claimed.items.len(),
            usize::try_from(claimed.job.total_shots).unwrap()
        );
        assert!(
            claimed
                .items
                .iter()
                .zip(0..)
                .all(|(item, idx)| item.idx == idx && item.job_id == claimed.job.id)
        );
    }
    let tokens: HashSet<_> = claimed
        .iter()
        .map(|claimed| claimed.job.lease_token.clone().unwrap())
        .collect();
    assert_eq!(tokens.len(), 1000, "a token a job");
}

#[on_both]
async fn jobs_whose_items_would_be_too_many_for_one_answer_are_left_for_the_next_claim(t: TestApp) {
    for (id, shots) in [
        ("a", 9000),
        ("b", 9000),
        ("c", 9000),
        ("d", 50_000),
        ("e", 1),
    ] {
        t.named(id).await;
        let row = job::ActiveModel {
            id: Set(id.into()),
            total_shots: Set(shots),
            ..Default::default()
        };
        row.update(t.database().read()).await.unwrap();
        t.clock.advance(TimeDelta::milliseconds(1));
    }
    for expected in [&["a", "b"][..], &["c"], &["d"], &["e"], &[]] {
        let claimed = t
            .claim_jobs(Claim {
                max_jobs: 100,
                ..claim("w")
            })
            .await
            .unwrap();
        assert_eq!(
            claimed
                .iter()
                .map(|claimed| claimed.job.id.as_str())
                .collect::<Vec<_>>(),
            expected
        );
    }
    for id in ["a", "b", "c", "d", "e"] {
        assert_eq!(t.whole(id).await.kinds(), ["created", "started"]);
    }
}

#[on_both]
async fn a_claim_says_all_that_is_wrong_with_it(t: TestApp) {
    let wrong = Claim {
        worker_id: "w".repeat(10_000),
        job_types: vec!["idea2video".into(), "Bad Type".into()],
        max_jobs: 1_000_000,
        lease_seconds: 365 * 24 * 60 * 60,
        wait_seconds: 61,
        host: Some("h".repeat(256)),
        version: Some("a\0".into()),
        call_id: Some("c".repeat(65)),
        job_tokens: false,
    };
    let expected = [
        "/worker_id invalid_name",
        "/job_types/1 invalid_job_type",
        "/max_jobs out_of_range",
        "/lease_seconds out_of_range",
        "/wait_seconds out_of_range",
        "/host too_long",
        "/version nul_character",
        "/call_id invalid_name",
    ];
    assert_eq!(
        pointers(&refusal(t.claim_jobs(wrong).await, "invalid_request")),
        expected
    );
    let wrong = Claim {
        job_types: vec![],
        max_jobs: 0,
        lease_seconds: 0,
        ..claim("")
    };
    let expected = [
        "/worker_id invalid_name",
        "/job_types out_of_range",
        "/max_jobs out_of_range",
        "/lease_seconds out_of_range",
    ];
    assert_eq!(
        pointers(&refusal(t.claim_jobs(wrong).await, "invalid_request")),
        expected
    );
}

#[on_both]
async fn a_retried_job_is_due_when_its_wait_is_over(t: TestApp) {
    let id = t.queued().await.id;
    let token = t.claimed("w").await.job.lease_token.unwrap();
    let failure = crate::support::for_now("busy");
    let job = t
        .mark_failed(&id, failure, callsheet::jobs::Guard::lease(token))
        .await
        .unwrap();
    t.clock
        .set(job.run_at.unwrap() - TimeDelta::microseconds(1));
    assert!(t.claim_jobs(claim("w")).await.unwrap().is_empty());
    t.clock.set(job.run_at.unwrap());
    let claimed = t.claimed("w").await.job;
    assert_eq!(
        (claimed.id, claimed.attempt, claimed.error_message),
        (id, 2, None)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_that_another_transaction_holds_are_left_out_on_postgres() {
    use sea_orm::{ConnectionTrait, TransactionTrait};
    crate::support::run(Backend::Postgres, |t: TestApp| async move {
        let (first, second) = (t.queued().await.id, t.queued().await.id);
        let raw = t.db.raw().await;
        #[allow(clippy::disallowed_methods, reason = "another program's transaction")]
        let tx = raw.begin().await.unwrap();
        tx.execute_unprepared(&format!(
            "SELECT 1 FROM video_generation_jobs WHERE id = '{first}' FOR UPDATE"
        ))
        .await
        .unwrap();
        assert_eq!(t.claimed("w").await.job.id, second);
        assert!(t.claim_jobs(claim("w")).await.unwrap().is_empty());
        tx.rollback().await.unwrap();
        assert_eq!(t.claimed("w").await.job.id, first);
    })
    .await;
}

#[on_both]
async fn a_large_claim_ends_before_its_answer_is_too_large_and_the_next_goes_on(t: TestApp) {
    let mut expected = Vec::new();
    for n in 0..60 {
        let content = (n % 2 == 0).then(|| "x".repeat(400_000));
        let items = if n % 2 == 0 {
            vec![]
        } else {
            vec![NewItem {
                key: "a".into(),
                input: Some(json!("y".repeat(400_000))),
            }]
        };
        t.clock.advance(TimeDelta::milliseconds(1));
        expected.push(
            t.create(NewJob {
                content,
                items,
                ..any_job()
            })
            .await
            .id,
        );
    }
    let all = Claim {
        max_jobs: 1000,
        ..claim("w")
    };
    let mut given = Vec::new();
    loop {
        let claimed = t.claim_jobs(all.clone()).await.unwrap();
        if claimed.is_empty() {
            break;
        }
        assert!(claimed.len() <= 21, "{} jobs of 400 kB each", claimed.len());
        given.extend(claimed.into_iter().map(|claimed| claimed.job.id));
    }
    assert_eq!(given, expected);
}

#[on_both]
async fn a_claim_of_many_small_jobs_has_them_all_in_order(t: TestApp) {
    let mut expected = Vec::new();
    for priority in [1, 0] {
        for _ in 0..150 {
            t.clock.advance(TimeDelta::milliseconds(1));
            expected.push(
                t.create(NewJob {
                    priority,
                    ..any_job()
                })
                .await
                .id,
            );
        }
    }
    t.set_queue("idea2video", None, Some(Some(290)))
        .await
        .unwrap();
    let claimed = t
        .claim_jobs(Claim {
            max_jobs: 1000,
            ..claim("w")
        })
        .await
        .unwrap();
    assert_eq!(
        claimed
            .iter()
            .map(|claimed| claimed.job.id.as_str())
            .collect::<Vec<_>>(),
        expected[..290]
    );
    for claimed in &claimed[280..] {
        t.whole(&claimed.job.id).await.assert_history_is_whole();
    }
}
