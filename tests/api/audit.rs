//! The audit: who called what that changes something.

use super::{
    face::Api,
    guarded::{Guarded, JOBS},
};
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

const AUDIT: &str = "/api/v1/audit";

/// The stored calls, newest first, as `operation target status calls`.
async fn stored(guarded: &Guarded, query: &str) -> Vec<String> {
    let page = guarded
        .get(&guarded.admin, &format!("{AUDIT}{query}"))
        .await
        .json(200);
    let entries = page["entries"].as_array().unwrap().iter();
    let line = |entry: &Value| {
        let target = entry["target"].as_str().unwrap_or("-");
        let operation = entry["operation"].as_str().unwrap();
        format!(
            "{operation} {target} {} {}",
            entry["status"], entry["calls"]
        )
    };
    entries.map(line).collect()
}

#[on_both]
async fn calls_that_change_something_are_stored_also_refused_ones(api: Api) {
    let guarded = Guarded::on(api.clone()).await;
    let made = guarded.make(json!({"name": "r", "role": "reader"})).await;
    let (reader, id) = (made["key"].as_str().unwrap(), made["key_id"].clone());
    let job = api.named("a").await.id;
    let path = format!("{JOBS}/{job}");
    api.clock.advance(TimeDelta::seconds(1));
    guarded.get(&guarded.admin, &path).await.json(200);
    for _ in 0..2 {
        guarded
            .with(reader, Method::DELETE, &path, None)
            .await
            .problem(403, "role_missing");
    }
    let cancel = format!("{path}/cancel");
    let answer = guarded
        .with(&guarded.admin, Method::POST, &cancel, None)
        .await;
    answer.json(200);
    api.served().store_audit(false).await.unwrap();
    let mut calls = stored(&guarded, "").await;
    calls.sort();
    let keys: Vec<_> = calls
        .iter()
        .filter(|c| c.starts_with("create_key"))
        .collect();
    assert_eq!(keys.len(), 2, "{calls:?}");
    assert_eq!(
        calls[..1],
        [format!("cancel_job {job} 200 1")],
        "a read is not stored"
    );
    assert_eq!(calls[3..], [format!("delete_job {job} 403 2")]);
    let of_reader = stored(&guarded, &format!("?key_id={}", id.as_str().unwrap())).await;
    assert_eq!(of_reader, [format!("delete_job {job} 403 2")]);
    let of_cancel = guarded
        .get(&guarded.admin, &format!("{AUDIT}?operation=cancel_job"))
        .await
        .json(200);
    let entry = &of_cancel["entries"][0];
    assert_eq!(
        entry["request_id"],
        answer.header("x-request-id").unwrap(),
        "{entry}"
    );
    let later = (api.now() + TimeDelta::seconds(1)).to_rfc3339();
    let query = format!("?since={}", later.replace('+', "%2B"));
    assert!(stored(&guarded, &query).await.is_empty());
    guarded
        .get(reader, AUDIT)
        .await
        .problem(403, "role_missing");
    for wrong in ["?cursor=x", "?key_id=%00", "?since=yesterday", "?limit=0"] {
        guarded
            .get(&guarded.admin, &format!("{AUDIT}{wrong}"))
            .await
            .problem(400, "invalid_request");
    }
}

#[on_both]
async fn changes_of_keys_are_stored_with_the_change(api: Api) {
    let guarded = Guarded::on(api.clone()).await;
    let made = guarded.make(json!({"name": "r", "role": "reader"})).await;
    let id = made["key_id"].as_str().unwrap();
    let path = format!("/api/v1/keys/{id}");
    let change = |method, path| guarded.with(&guarded.admin, method, path, None);
    api.clock.advance(TimeDelta::seconds(1));
    let rotate = format!("{path}/rotate");
    change(Method::POST, &rotate).await.json(200);
    api.clock.advance(TimeDelta::seconds(1));
    change(Method::DELETE, &path).await.json(200);
    // Nothing stored the calls that wait in memory, as if the server had been killed.
    let query = format!("?key_id={}", &guarded.admin[3..11]);
    let mut calls = stored(&guarded, &query).await;
    calls.sort();
    let expected = ["create_key", "revoke_key", "rotate_key"];
    assert_eq!(calls, expected.map(|verb| format!("{verb} {id} 200 1")));
    api.served().store_audit(true).await.unwrap();
    assert_eq!(stored(&guarded, &query).await.len(), 3, "once each");
}

#[on_both]
async fn calls_that_workers_repeat_are_stored_as_sums(api: Api) {
    let guarded = Guarded::on(api.clone()).await;
    let worker = guarded.key_of("worker").await;
    let claim = || json!({"worker_id": "w", "job_types": ["none"]});
    for _ in 0..5 {
        let answer = guarded.with(&worker, Method::POST, "/api/v1/claims", Some(claim()));
        answer.await.json(200);
    }
    let sums = async || {
        api.served().store_audit(false).await.unwrap();
        stored(&guarded, "?operation=claim_jobs").await
    };
    assert!(sums().await.is_empty(), "they are summed up for a minute");
    api.clock.advance(TimeDelta::minutes(1));
    assert_eq!(sums().await, ["claim_jobs - 200 5"]);
}

#[on_both]
async fn the_audit_is_walked_by_pages_and_pruned_after_ninety_days(api: Api) {
    let guarded = Guarded::on(api.clone()).await;
    for n in 0..5 {
        api.clock.advance(TimeDelta::seconds(1));
        guarded
            .make(json!({"name": n.to_string(), "role": "reader"}))
            .await;
    }
    let (mut query, mut seen) = ("?limit=2".to_owned(), Vec::new());
    loop {
        let page = guarded
            .get(&guarded.admin, &format!("{AUDIT}{query}"))
            .await
            .json(200);
        let entries = page["entries"].as_array().unwrap().clone();
        seen.extend(entries.iter().map(|entry| entry["at"].clone()));
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        query = format!("?limit=2&cursor={next}");
    }
    assert_eq!(seen.len(), 6);
    assert!(
        seen.is_sorted_by(|a, b| a.as_str() >= b.as_str()),
        "{seen:?}"
    );
    api.clock
        .advance(TimeDelta::days(90) - TimeDelta::seconds(2));
    assert_eq!(api.served().prune_audit().await.unwrap(), 3);
    assert_eq!(stored(&guarded, "").await.len(), 3);
}

#[on_sqlite]
async fn calls_without_a_valid_key_are_not_stored(api: Api) {
    let guarded = Guarded::on(api.clone()).await;
    let cancel = format!("{JOBS}/a/cancel");
    guarded
        .with("cs_wrong", Method::POST, &cancel, None)
        .await
        .problem(401, "unauthenticated");
    assert_eq!(api.served().store_audit(true).await.unwrap(), 0);
}
