//! Idempotency-Key: a creating call that is repeated makes nothing twice.

use super::{
    answer::Answer,
    face::{Api, call, of_job, places, without_shots},
};
use crate::support::at_once;
use reqwest::{Method, header::HeaderValue};
use serde_json::{Value, json};

const CREATES: [(&str, &str, &str); 3] = [
    (
        "/api/v1/jobs",
        r#"{"job_type": "a", "content": "x"}"#,
        "job_id",
    ),
    (
        "/api/v1/series",
        r#"{"title": "Night trains"}"#,
        "series_id",
    ),
    ("/api/v1/episodes", r#"{"title": "Home"}"#, "episode_id"),
];

async fn post(api: &Api, path: &str, key: &[u8], body: &Value) -> Answer {
    let key = HeaderValue::from_bytes(key).unwrap();
    call(
        api.request(Method::POST, path)
            .header("Idempotency-Key", key)
            .json(body),
    )
    .await
}

async fn total(api: &Api) -> Value {
    api.get("/api/v1/jobs").await.json(200)["pagination"]["total"].clone()
}

#[on_both]
async fn a_repeated_create_is_answered_as_the_first_time(api: Api) {
    for (path, body, id) in CREATES {
        let body = serde_json::from_str(body).unwrap();
        let first = post(&api, path, b"key 1", &body).await;
        let again = post(&api, path, b"key 1", &body).await;
        assert_eq!(again.json(201), first.json(201));
        assert_eq!(again.header("location"), first.header("location"));
        let other = post(&api, path, b"key 2", &body).await.json(201);
        assert_ne!(other[id], first.json(201)[id]);
    }
    // The same request in another spelling.
    let text = r#"{ "content":"\u0078", "job_type":"a" }"#;
    let request = api
        .request(Method::POST, "/api/v1/jobs")
        .header("Idempotency-Key", "key 1");
    call(
        request
            .header("Content-Type", "application/json")
            .body(text),
    )
    .await
    .json(201);
    assert_eq!(total(&api).await, 2);
}

#[on_both]
async fn a_key_with_another_body_is_refused(api: Api) {
    for (path, body, _) in CREATES {
        let mut body = serde_json::from_str(body).unwrap();
        let first = post(&api, path, b"key", &body).await;
        body["title"] = "Another".into();
        if path == "/api/v1/jobs" {
            body = json!({"job_type": "a", "content": "y"});
        }
        post(&api, path, b"key", &body)
            .await
            .problem(422, "idempotency_key_reused");
        let there = api.get(first.header("location").unwrap()).await.json(200);
        assert_eq!(without_shots(there), first.json(201));
    }
    assert_eq!(total(&api).await, 1);
}

#[on_both]
async fn a_key_of_one_call_is_not_taken_for_another(api: Api) {
    let idea = json!({"idea": "A fox learns to ride the night train home"});
    post(&api, "/api/v1/generate/idea2video", b"key", &idea)
        .await
        .json(200);
    let script = json!({"script": "x".repeat(60)});
    post(&api, "/api/v1/generate/script2video", b"key", &script)
        .await
        .problem(422, "idempotency_key_reused");
    post(&api, "/api/v1/jobs", b"key", &json!({"job_type": "a"}))
        .await
        .problem(422, "idempotency_key_reused");
    assert_eq!(total(&api).await, 1);
}

#[on_both]
async fn a_key_that_is_not_ascii_is_kept_all_the_same(api: Api) {
    let body = json!({"job_type": "a"});
    for key in ["ночной поезд", "🎬", "é"] {
        let first = post(&api, "/api/v1/jobs", key.as_bytes(), &body)
            .await
            .json(201);
        assert_eq!(
            post(&api, "/api/v1/jobs", key.as_bytes(), &body)
                .await
                .json(201),
            first
        );
        let other = json!({"job_type": "b"});
        post(&api, "/api/v1/jobs", key.as_bytes(), &other)
            .await
            .problem(422, "idempotency_key_reused");
    }
    assert_eq!(total(&api).await, 3);
}

#[on_both]
async fn a_key_that_cannot_be_kept_is_refused(api: Api) {
    let long = "k".repeat(256);
    for key in [
        &b""[..],
        long.as_bytes(),
        b"\xff\xfe",
        b"a\tb",
        "\u{85}".as_bytes(),
    ] {
        for (path, body, _) in CREATES {
            let answer = post(&api, path, key, &serde_json::from_str(body).unwrap()).await;
            let problem = answer.problem(400, "invalid_request");
            assert!(
                places(&problem)[0].starts_with("Idempotency-Key "),
                "{problem}"
            );
        }
    }
    assert_eq!(total(&api).await, 0);
    post(
        &api,
        "/api/v1/jobs",
        "é".repeat(255).as_bytes(),
        &json!({"job_type": "a"}),
    )
    .await
    .json(201);
}

#[on_both]
async fn creates_at_once_with_one_key_make_one_job(api: Api) {
    let one = |_| {
        let api = api.clone();
        async move {
            post(&api, "/api/v1/jobs", b"key", &json!({"job_type": "a"}))
                .await
                .json(201)
        }
    };
    let answers = at_once((0..8).map(one)).await;
    assert!(answers.iter().all(|job| *job == answers[0]));
    assert_eq!(total(&api).await, 1);
}

#[on_both]
async fn a_key_is_free_again_when_its_job_is_deleted(api: Api) {
    let body = json!({"job_type": "a"});
    let first = post(&api, "/api/v1/jobs", b"key", &body).await.json(201);
    api.delete(&of_job(first["job_id"].as_str().unwrap(), ""))
        .await
        .json(200);
    let second = post(&api, "/api/v1/jobs", b"key", &body).await.json(201);
    assert_ne!(second["job_id"], first["job_id"]);
}
