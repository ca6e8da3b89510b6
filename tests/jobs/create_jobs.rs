//! create_jobs: many at once, each made or refused by itself.

use crate::support::{TestApp, any_job, code_of, pointers, refusal};
use callsheet::jobs::{Idempotency, NewItem, NewJob};
use serde_json::json;

fn named(id: &str) -> NewJob {
    NewJob {
        job_id: Some(id.into()),
        ..any_job()
    }
}

#[on_both]
async fn each_job_of_a_call_is_made_or_refused_by_itself(t: TestApp) {
    t.named("taken").await;
    t.named("deleted").await;
    t.delete_job("deleted", None).await.unwrap();
    let items = vec![NewItem {
        key: "a".into(),
        input: None,
    }];
    let new = vec![
        any_job(),
        named("taken"),
        named("new"),
        NewJob { items, ..any_job() },
        NewJob {
            series_id: Some("nowhere".into()),
            ..any_job()
        },
        named("new"),
        named("deleted"),
    ];
    let outcomes = t.create_jobs(new, None).await.unwrap();
    let codes: Vec<_> = outcomes.iter().map(code_of).collect();
    assert_eq!(
        codes,
        [
            "ok",
            "job_exists",
            "ok",
            "ok",
            "series_not_found",
            "job_exists",
            "ok"
        ]
    );
    for job in outcomes.into_iter().flatten() {
        let whole = t.whole(&job.id).await;
        assert_eq!(whole.job.as_ref(), Some(&job));
        if job.id != "deleted" {
            whole.assert_history_is_whole();
        }
    }
    assert_eq!(t.get_job("deleted").await.unwrap().version, 3);
}

#[on_both]
async fn a_call_that_comes_again_makes_nothing_twice(t: TestApp) {
    let key = |body| {
        Some(Idempotency::new(
            "k".repeat(255),
            "create_jobs",
            &json!(body),
        ))
    };
    let new = || vec![any_job(), named("mine"), any_job()];
    let ids = |outcomes: Vec<callsheet::error::Result<entity::job::Model>>| {
        outcomes
            .into_iter()
            .map(|job| job.unwrap().id)
            .collect::<Vec<_>>()
    };
    let first = ids(t.create_jobs(new(), key(1)).await.unwrap());
    assert_eq!(ids(t.create_jobs(new(), key(1)).await.unwrap()), first);
    assert_eq!(t.count_jobs(&Default::default()).await.unwrap().total(), 3);
    refusal(t.create_jobs(new(), key(2)).await, "idempotency_key_reused");
    assert_eq!(t.count_jobs(&Default::default()).await.unwrap().total(), 3);
}

#[on_both]
async fn a_thousand_jobs_are_one_call_and_what_is_wrong_with_any_refuses_all(t: TestApp) {
    let outcomes = t.create_jobs(vec![any_job(); 1000], None).await.unwrap();
    assert!(outcomes.iter().all(Result::is_ok));
    for n in [0, 1001] {
        let error = refusal(
            t.create_jobs(vec![any_job(); n], None).await,
            "invalid_request",
        );
        assert_eq!(pointers(&error), ["/jobs out_of_range"]);
    }
    let new = vec![
        any_job(),
        NewJob {
            priority: 101,
            ..any_job()
        },
        NewJob {
            job_type: "Bad".into(),
            ..any_job()
        },
    ];
    let error = refusal(t.create_jobs(new, None).await, "invalid_request");
    assert_eq!(
        pointers(&error),
        [
            "/jobs/1/priority out_of_range",
            "/jobs/2/job_type invalid_job_type"
        ]
    );
    let twice = vec![
        NewItem {
            key: "a".into(),
            input: None
        };
        2
    ];
    refusal(
        t.create_jobs(
            vec![NewJob {
                items: twice,
                ..any_job()
            }],
            None,
        )
        .await,
        "item_conflict",
    );
    assert_eq!(
        t.count_jobs(&Default::default()).await.unwrap().total(),
        1000
    );
}
