//! The token with which the program of a job calls the server.

use super::{
    answer::Answer,
    face::{Api, call, of_job},
    guarded::{Guarded, JOBS},
};
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

/// Claims the next job as a worker that asks for tokens. Returns the answer's job.
async fn claimed(guarded: &Guarded, worker: &str, call_id: &str) -> Value {
    let claim = json!({
        "worker_id": "w", "job_types": ["a"], "job_tokens": true, "call_id": call_id,
    });
    let answer = guarded.with(worker, Method::POST, "/api/v1/claims", Some(claim));
    answer.await.json(200)["jobs"][0].clone()
}

fn token(claimed: &Value) -> String {
    claimed["lease"]["job_token"].as_str().unwrap().to_owned()
}

async fn with(api: &Api, token: &str, method: Method, path: &str, body: Value) -> Answer {
    let request = api.request(method.clone(), path).bearer_auth(token);
    call(if method == Method::GET {
        request
    } else {
        request.json(&body)
    })
    .await
}

#[on_both]
async fn a_program_reports_on_its_job_and_does_nothing_else(api: Api) {
    let guarded = Guarded::on(api.clone()).await;
    let worker = guarded.key_of("worker").await;
    for id in ["one", "two"] {
        api.create(callsheet::jobs::NewJob {
            job_id: Some(id.into()),
            job_type: "a".into(),
            ..crate::support::any_job()
        })
        .await;
    }
    let job = claimed(&guarded, &worker, "1").await;
    assert_eq!(job["job"]["job_id"], "one");
    let token = token(&job);
    let rows = api.served().database();
    let stored = rows.lease_of_token("one", &token).await.unwrap();
    assert_eq!(stored, None, "the database has a hash of it");
    let beat = json!({"lease_token": token, "progress": 40.0, "log": ["half"]});
    let heartbeat = of_job("one", "/heartbeat");
    with(&api, &token, Method::POST, &heartbeat, beat.clone())
        .await
        .json(200);
    let items = json!({"items": [{"key": "s", "status": "completed"}]});
    with(
        &api,
        &token,
        Method::PATCH,
        &of_job("one", "/items"),
        items.clone(),
    )
    .await
    .json(200);
    with(
        &api,
        &token,
        Method::GET,
        &of_job("one", "/items"),
        json!(null),
    )
    .await
    .json(200);
    for (method, path) in [
        (Method::POST, of_job("two", "/heartbeat")),
        (Method::PATCH, of_job("two", "/items")),
        (Method::GET, of_job("two", "/items")),
    ] {
        let body = if method == Method::POST {
            &beat
        } else {
            &items
        };
        with(&api, &token, method, &path, body.clone())
            .await
            .problem(401, "unauthenticated");
    }
    for (method, path) in [
        (Method::GET, JOBS.to_owned()),
        (Method::GET, of_job("one", "")),
        (Method::POST, of_job("one", "/complete")),
        (Method::POST, of_job("one", "/cancel")),
        (Method::DELETE, of_job("one", "")),
        (Method::POST, "/api/v1/claims".to_owned()),
        (Method::GET, "/media/a.mp4".to_owned()),
        (Method::GET, "/metrics".to_owned()),
    ] {
        with(&api, &token, method.clone(), &path, json!({}))
            .await
            .problem(403, "role_missing");
    }
    let mut forged = token.clone();
    forged.replace_range(3..4, if &token[3..4] == "a" { "b" } else { "a" });
    with(&api, &forged, Method::POST, &heartbeat, beat.clone())
        .await
        .problem(401, "unauthenticated");
    // It goes with the lease, and a claim that is asked again gives another one.
    let again = claimed(&guarded, &worker, "1").await;
    let second = self::token(&again);
    with(&api, &token, Method::POST, &heartbeat, beat.clone())
        .await
        .problem(401, "unauthenticated");
    with(&api, &second, Method::POST, &heartbeat, beat.clone())
        .await
        .json(200);
    assert_eq!(api.served().prune_job_tokens().await.unwrap(), 0);
    let lease = again["lease"]["token"].clone();
    let (path, body) = (of_job("one", "/complete"), json!({"lease_token": lease}));
    guarded
        .with(&worker, Method::POST, &path, Some(body))
        .await
        .json(200);
    with(&api, &second, Method::POST, &heartbeat, beat)
        .await
        .problem(401, "unauthenticated");
    assert_eq!(api.served().prune_job_tokens().await.unwrap(), 1);
}

#[on_both]
async fn a_program_calls_a_server_without_keys_in_the_same_way(api: Api) {
    api.create(callsheet::jobs::NewJob {
        job_id: Some("one".into()),
        job_type: "a".into(),
        ..crate::support::any_job()
    })
    .await;
    let claim = json!({"worker_id": "w", "job_types": ["a"], "job_tokens": true});
    let claimed = api.post("/api/v1/claims", claim).await.json(200);
    let token = token(&claimed["jobs"][0]);
    let beat = json!({"lease_token": token, "progress": 40.0});
    let heartbeat = of_job("one", "/heartbeat");
    with(&api, &token, Method::POST, &heartbeat, beat.clone())
        .await
        .json(200);
    api.clock.advance(TimeDelta::seconds(1));
    let claim = json!({"worker_id": "w", "job_types": ["a"]});
    let none = api.post("/api/v1/claims", claim).await.json(200);
    assert_eq!(none["jobs"], json!([]));
    with(&api, &token, Method::GET, JOBS, json!(null))
        .await
        .problem(403, "role_missing");
}
