//! Idempotency keys: two calls with one key are one job.

use crate::support::{TestApp, any_job, at_once, parameters, refusal};
use callsheet::jobs::{Filter, Idempotency, NewEpisode, NewJob, NewSeries};
use chrono::TimeDelta;
use serde_json::{Value, json};

fn key(key: &str, request: Value) -> Option<Idempotency> {
    Some(Idempotency::new(key.into(), "create_job", &request))
}

async fn jobs(t: &TestApp) -> u64 {
    t.count_jobs(&Filter::default()).await.unwrap().total()
}

#[on_both]
async fn the_same_request_with_the_same_key_is_answered_with_the_first_job(t: TestApp) {
    let first = t
        .create_job(any_job(), key("k", json!({"a": 1, "b": 2})))
        .await
        .unwrap();
    assert!(!first.replayed);
    t.start(&first.job.id).await;
    t.clock.advance(TimeDelta::days(30));
    let again = t
        .create_job(any_job(), key("k", json!({"b": 2, "a": 1})))
        .await
        .unwrap();
    assert!(again.replayed);
    assert_eq!(
        again.job,
        t.get_job(&first.job.id).await.unwrap(),
        "as it is by now"
    );
    assert_eq!(jobs(&t).await, 1);
    t.whole(&first.job.id).await.assert_history_is_whole();
}

#[on_both]
async fn another_request_with_the_same_key_is_refused(t: TestApp) {
    let id = t
        .create_job(any_job(), key("k", json!({"a": 1})))
        .await
        .unwrap()
        .job
        .id;
    t.refused(
        &id,
        "idempotency_key_reused",
        t.create_job(any_job(), key("k", json!({"a": 2}))),
    )
    .await;
    let elsewhere = Some(Idempotency::new(
        "k".into(),
        "generate_idea2video",
        &json!({"a": 1}),
    ));
    t.refused(
        &id,
        "idempotency_key_reused",
        t.create_job(any_job(), elsewhere),
    )
    .await;
    assert_eq!(jobs(&t).await, 1);
}

#[on_both]
async fn a_request_that_was_refused_does_not_spend_its_key(t: TestApp) {
    let bad = NewJob {
        series_id: Some("nowhere".into()),
        ..any_job()
    };
    refusal(
        t.create_job(bad, key("k", json!(1))).await,
        "series_not_found",
    );
    assert!(
        !t.create_job(any_job(), key("k", json!(2)))
            .await
            .unwrap()
            .replayed
    );
}

#[on_both]
async fn the_key_of_a_deleted_job_is_free_again(t: TestApp) {
    let id = t
        .create_job(any_job(), key("k", json!(1)))
        .await
        .unwrap()
        .job
        .id;
    t.delete_job(&id, None).await.unwrap();
    let second = t.create_job(any_job(), key("k", json!(2))).await.unwrap();
    assert!(!second.replayed && second.job.id != id);
}

#[on_both]
async fn many_calls_at_once_with_one_key_make_one_job(t: TestApp) {
    let other = t.another().await;
    for round in 0..10 {
        let create = |n: usize| {
            let jobs = if n.is_multiple_of(2) {
                (*t).clone()
            } else {
                other.clone()
            };
            let key = key(&format!("k-{round}"), json!(1));
            async move {
                jobs.create_job(any_job(), key)
                    .await
                    .map(|c| (c.job.id, c.replayed))
                    .map_err(|e| e.code())
            }
        };
        let answers = at_once((0..6).map(create)).await;
        let (id, _) = answers[0].clone().unwrap();
        assert!(
            answers
                .iter()
                .all(|a| a.as_ref().is_ok_and(|(i, _)| *i == id)),
            "{answers:?}"
        );
        assert_eq!(
            answers
                .iter()
                .flatten()
                .filter(|(_, replayed)| !replayed)
                .count(),
            1,
            "{answers:?}"
        );
    }
    assert_eq!(jobs(&t).await, 10);
    other.database().clone().close().await.unwrap();
}

#[on_both]
async fn of_two_requests_at_once_with_one_key_one_is_refused(t: TestApp) {
    for round in 0..10 {
        let create = |n: i32| {
            let (t, key) = (t.clone(), key(&format!("k-{round}"), json!(n)));
            async move {
                t.create_job(any_job(), key)
                    .await
                    .map(|_| ())
                    .map_err(|e| e.code())
            }
        };
        let mut answers = at_once((0..2).map(create)).await;
        answers.sort();
        assert_eq!(answers, [Ok(()), Err("idempotency_key_reused")]);
    }
}

#[on_both]
async fn a_key_and_an_id_named_again_are_a_replay_and_not_a_conflict(t: TestApp) {
    let new = || NewJob {
        job_id: Some("mine".into()),
        ..any_job()
    };
    t.create_job(new(), key("k", json!(1))).await.unwrap();
    assert!(
        t.create_job(new(), key("k", json!(1)))
            .await
            .unwrap()
            .replayed
    );
    refusal(t.create_job(new(), key("l", json!(1))).await, "job_exists");
}

#[on_both]
async fn a_key_has_1_to_255_visible_characters(t: TestApp) {
    for odd in ["", "a\nb", "a\0", &"x".repeat(256)] {
        let error = refusal(
            t.create_job(any_job(), key(odd, json!(1))).await,
            "invalid_request",
        );
        assert_eq!(parameters(&error), ["Idempotency-Key invalid_name"]);
        let error = refusal(
            t.create_series(NewSeries { title: "x".into() }, key(odd, json!(1)))
                .await,
            "invalid_request",
        );
        assert_eq!(parameters(&error), ["Idempotency-Key invalid_name"]);
    }
    t.create_job(any_job(), key(&"🔑".repeat(255), json!(1)))
        .await
        .unwrap();
}

#[on_both]
async fn series_and_episodes_take_keys_too(t: TestApp) {
    let series = |title: &str| NewSeries {
        title: title.into(),
    };
    let first = t
        .create_series(series("A"), key("s", json!("A")))
        .await
        .unwrap();
    assert_eq!(
        t.create_series(series("A"), key("s", json!("A")))
            .await
            .unwrap(),
        first
    );
    refusal(
        t.create_series(series("B"), key("s", json!("B"))).await,
        "idempotency_key_reused",
    );
    let episode = |number| NewEpisode {
        series_id: Some(first.id.clone()),
        title: None,
        number: Some(number),
    };
    let one = t
        .create_episode(episode(1), key("e", json!(1)))
        .await
        .unwrap();
    assert_eq!(
        t.create_episode(episode(1), key("e", json!(1)))
            .await
            .unwrap(),
        one
    );
    refusal(
        t.create_episode(episode(2), key("e", json!(2))).await,
        "idempotency_key_reused",
    );
    let (rows, _) = t.list_episodes(None, None, 10).await.unwrap();
    assert_eq!(rows, [one]);
}
