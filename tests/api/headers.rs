//! Headers that a request has once, and those that every answer has.

use super::face::{Api, of_job, places};
use reqwest::Method;
use serde_json::json;

#[on_sqlite]
async fn a_single_header_that_stands_twice_is_refused_by_its_name(api: Api) {
    let id = api.queued().await.id;
    let rows = [
        ("POST", "/api/v1/jobs", "Idempotency-Key", "a", "b"),
        (
            "POST",
            "/api/v1/jobs",
            "Content-Type",
            "application/json",
            "application/json",
        ),
        ("PATCH", &of_job(&id, ""), "If-Match", "\"1\"", "\"2\""),
        ("GET", &of_job(&id, ""), "If-None-Match", "\"1\"", "\"2\""),
        ("GET", "/api/v1/events/stream", "Last-Event-ID", "1", "2"),
        ("GET", "/media/a.mp4", "Range", "bytes=0-1", "bytes=2-3"),
        (
            "GET",
            "/api/v1/jobs",
            "Origin",
            "http://a.example",
            "http://b.example",
        ),
        ("GET", "/api/v1/jobs", "Authorization", "a", "b"),
        ("GET", "/", "Authorization", "a", "b"),
    ];
    for (method, path, name, one, other) in rows {
        let lower = name.to_ascii_lowercase();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{name}: {one}\r\n{lower}: \
            {other}\r\nConnection: close\r\n\r\n{{}}",
            api.url("").trim_start_matches("http://")
        );
        let problem = api
            .raw(request.as_bytes())
            .await
            .problem(400, "invalid_request");
        assert_eq!(
            places(&problem),
            [format!("{name} invalid_header")],
            "{problem}"
        );
        assert!(
            problem["detail"].as_str().unwrap().contains(name),
            "{problem}"
        );
    }
    assert_eq!(api.get(&of_job(&id, "")).await.json(200)["version"], 1);
}

#[on_sqlite]
async fn a_header_that_takes_a_list_may_stand_twice(api: Api) {
    let id = api.queued().await.id;
    let get = |name: &'static str, one: &str, other: &str| {
        super::face::call(
            api.request(Method::GET, &of_job(&id, ""))
                .header(name, one)
                .header(name, other),
        )
    };
    get("Accept", "text/html", "application/json")
        .await
        .json(200);
    get("Cookie", "a=b", "c=d").await.json(200);
    get("X-Anything", "a", "b").await.json(200);
    api.get_with(&of_job(&id, ""), "If-None-Match", "\"7\", \"1\"")
        .await
        .empty(304);
}

#[on_sqlite]
async fn every_answer_says_who_may_embed_and_keep_it(api: Api) {
    let id = api.queued().await.id;
    std::fs::write(api.media("film.mp4"), "film").unwrap();
    let body = json!({"job_type": "a"});
    let answers = [
        (api.get("/api/v1/jobs").await, "same-origin", "no-store"),
        (api.get("/health").await, "same-origin", "no-store"),
        (
            api.post("/api/v1/jobs", body).await,
            "same-origin",
            "no-store",
        ),
        (
            api.post("/api/v1/jobs", json!(1)).await,
            "same-origin",
            "no-store",
        ),
        (api.get("/nowhere").await, "same-origin", "no-store"),
        (api.get(&of_job(&id, "")).await, "same-origin", "no-cache"),
        (
            api.get_with(&of_job(&id, ""), "If-None-Match", "\"1\"")
                .await,
            "same-origin",
            "no-cache",
        ),
        (api.get("/media/film.mp4").await, "same-site", "no-cache"),
        (api.get("/media/nothing.mp4").await, "same-site", "no-store"),
        (
            api.get_with("/api/v1/jobs", "Host", "elsewhere.example")
                .await,
            "same-origin",
            "no-store",
        ),
    ];
    for (answer, embed, keep) in answers {
        let header = |name| answer.header(name).unwrap_or("none").to_owned();
        assert_eq!(header("cross-origin-resource-policy"), embed, "{answer:?}");
        assert_eq!(header("cache-control"), keep, "{answer:?}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        let policy = header("content-security-policy");
        assert!(
            policy.contains("frame-ancestors 'none'") || embed == "same-site",
            "{policy}"
        );
    }
    let shared = api
        .again(|config| config.cors_origins = vec!["http://front.example".into()])
        .await;
    std::fs::write(shared.media("film.mp4"), "film").unwrap();
    let film = shared.get("/media/film.mp4").await;
    assert_eq!(
        film.header("cross-origin-resource-policy"),
        Some("cross-origin")
    );
}
