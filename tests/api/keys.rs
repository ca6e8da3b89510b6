//! Keys over HTTP: when a server asks for one, and which are taken.

use super::{
    face::{Api, call},
    guarded::{Guarded, JOBS},
};
use chrono::TimeDelta;
use reqwest::{Method, header::HeaderMap};
use serde_json::json;

#[on_both]
async fn a_server_without_keys_is_open_and_the_first_key_closes_it(api: Api) {
    api.get(JOBS).await.json(200);
    let open = api.get("/api/v1/session").await.json(200);
    assert_eq!(
        (&open["open"], &open["role"]),
        (&json!(true), &json!("admin"))
    );
    let guarded = Guarded::on(api.clone()).await;
    let problem = api.get(JOBS).await.problem(401, "unauthenticated");
    assert!(problem["detail"].as_str().unwrap().contains("keys create"));
    guarded.get(&guarded.admin, JOBS).await.json(200);
    let list = guarded.get(&guarded.admin, "/api/v1/keys").await.json(200);
    let keys = list["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 1);
    assert!(
        !list.to_string().contains(&guarded.admin),
        "its text is shown once"
    );
    assert!(keys[0].get("hash").is_none());
}

#[on_both]
async fn a_key_ends_when_it_is_revoked_rotated_or_expired(api: Api) {
    let guarded = Guarded::on(api.clone()).await;
    let end = api.now() + TimeDelta::hours(1);
    let made = guarded
        .make(json!({"name": "a", "role": "reader", "expires_at": end.to_rfc3339()}))
        .await;
    let (id, first) = (
        made["key_id"].as_str().unwrap(),
        made["key"].as_str().unwrap(),
    );
    guarded.get(first, JOBS).await.json(200);
    let path = format!("/api/v1/keys/{id}/rotate");
    let rotated = guarded
        .with(&guarded.admin, Method::POST, &path, None)
        .await
        .json(200);
    let second = rotated["key"].as_str().unwrap();
    assert_eq!(rotated["key_id"], id);
    guarded
        .get(first, JOBS)
        .await
        .problem(401, "unauthenticated");
    guarded.get(second, JOBS).await.json(200);
    api.clock.advance(TimeDelta::hours(1));
    guarded
        .get(second, JOBS)
        .await
        .problem(401, "unauthenticated");
    let third = guarded.make(json!({"name": "b", "role": "reader"})).await;
    let path = format!("/api/v1/keys/{}", third["key_id"].as_str().unwrap());
    let revoke = || guarded.with(&guarded.admin, Method::DELETE, &path, None);
    let revoked = revoke().await.json(200);
    assert!(revoked["revoked_at"].is_string());
    assert_eq!(revoke().await.json(200), revoked, "once more is the same");
    let third = third["key"].as_str().unwrap();
    guarded
        .get(third, JOBS)
        .await
        .problem(401, "unauthenticated");
    guarded
        .with(
            &guarded.admin,
            Method::POST,
            &format!("{path}/rotate"),
            None,
        )
        .await
        .problem(409, "key_revoked");
    for unknown in ["/api/v1/keys/abcd2345", "/api/v1/keys/no"] {
        guarded
            .with(&guarded.admin, Method::DELETE, unknown, None)
            .await
            .problem(404, "key_not_found");
    }
}

#[on_sqlite]
async fn a_key_in_another_form_or_place_is_refused(api: Api) {
    let guarded = Guarded::on(api.clone()).await;
    let key = guarded.admin.as_str();
    let mut mistyped = key.to_owned();
    mistyped.pop();
    let unknown = "cs_abcd2345_0000000000000000000000000000000000000000000";
    for (name, value) in [
        ("authorization", "".to_owned()),
        ("authorization", key.to_owned()),
        ("authorization", format!("Basic {key}")),
        ("authorization", format!("Bearer {mistyped}")),
        ("authorization", format!("Bearer {mistyped}x")),
        ("authorization", format!("Bearer {unknown}000000")),
        ("authorization", "Bearer ".to_owned()),
        ("authorization", format!("Bearer {}", "x".repeat(10_000))),
        ("x-api-key", "Bearer".to_owned()),
        ("x-api-key", "cs_".to_owned()),
        ("cookie", "callsheet_session=".to_owned()),
        ("cookie", "callsheet_session=a.b.c".to_owned()),
        ("cookie", format!("callsheet_session={key}")),
    ] {
        let answer = call(api.request(Method::GET, JOBS).header(name, &value)).await;
        let shown: String = value.chars().take(80).collect();
        assert_eq!(
            answer.header("www-authenticate"),
            Some("Bearer realm=\"callsheet\""),
            "{shown}"
        );
        answer.problem(401, "unauthenticated");
    }
    call(api.request(Method::GET, JOBS).header("x-api-key", key))
        .await
        .json(200);
    call(
        api.request(Method::GET, JOBS)
            .bearer_auth(key)
            .header("x-api-key", key),
    )
    .await
    .problem(401, "unauthenticated");
    let mut twice = HeaderMap::new();
    for _ in 0..2 {
        twice.append("authorization", format!("Bearer {key}").parse().unwrap());
    }
    call(api.request(Method::GET, JOBS).headers(twice))
        .await
        .problem(400, "invalid_request");
    for query in [format!("{JOBS}?key={key}"), format!("{JOBS}?api_key={key}")] {
        api.get(&query).await.problem(400, "unknown_parameter");
    }
    api.get(&format!("/media/a.mp4?key={key}"))
        .await
        .problem(401, "unauthenticated");
}

#[on_sqlite]
async fn without_a_key_there_are_the_dashboard_and_the_status_alone(api: Api) {
    let guarded = Guarded::on(api.clone()).await;
    for path in ["/", "/jobs", "/jobs/a", "/problems/unauthenticated"] {
        assert_eq!(api.get(path).await.status, 200, "{path}");
    }
    for path in ["/health", "/health/live", "/health/ready"] {
        assert_eq!(
            api.get(path).await.json(200),
            json!({"status": "ok"}),
            "{path}"
        );
        let whole = guarded.get(&guarded.admin, path).await.json(200);
        assert!(whole["version"].is_string(), "{path}: {whole}");
        let wrong = call(api.request(Method::GET, path).bearer_auth("wrong")).await;
        assert_eq!(wrong.json(200), json!({"status": "ok"}), "{path}");
    }
    for path in [
        "/docs",
        "/openapi.json",
        "/media/a.mp4",
        "/nothing",
        "/api/v1/%6Aobs",
    ] {
        api.get(path).await.problem(401, "unauthenticated");
    }
    let reader = guarded.key_of("reader").await;
    assert_eq!(guarded.get(&reader, "/openapi.json").await.status, 200);
    // Another spelling of a path does not lead past the table of permissions.
    guarded
        .get(&reader, "/api/v1/%6Beys")
        .await
        .problem(404, "route_not_found");
    guarded
        .get(&reader, "/api//v1/keys/")
        .await
        .problem(403, "role_missing");
    guarded
        .with(&reader, Method::PUT, "/api/v1/keys", None)
        .await
        .problem(405, "method_not_allowed");
    let open = api.again(|config| config.public_docs = true).await;
    assert_eq!(open.get("/openapi.json").await.status, 200);
    open.get(JOBS).await.problem(401, "unauthenticated");
}

#[on_sqlite]
async fn answers_for_one_caller_are_not_kept_for_others(api: Api) {
    let guarded = Guarded::on(api.clone()).await;
    for answer in [guarded.get(&guarded.admin, JOBS).await, api.get(JOBS).await] {
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let vary = answer.header("vary").unwrap();
        for name in ["Authorization", "Cookie", "Origin"] {
            assert!(vary.contains(name), "{vary}");
        }
    }
}

#[on_sqlite]
async fn a_stream_ends_when_its_key_is_revoked(api: Api) {
    let guarded = Guarded::on(api.clone()).await;
    let made = guarded.make(json!({"name": "a", "role": "reader"})).await;
    let (id, key) = (
        made["key_id"].as_str().unwrap(),
        made["key"].as_str().unwrap(),
    );
    let request = api.request(Method::GET, "/api/v1/events/stream");
    let mut stream = request.bearer_auth(key).send().await.unwrap();
    assert_eq!(stream.status(), 200);
    assert!(stream.chunk().await.unwrap().is_some());
    let path = format!("/api/v1/keys/{id}");
    guarded
        .with(&guarded.admin, Method::DELETE, &path, None)
        .await
        .json(200);
    // The key is looked at before the next message.
    let new = json!({"job_type": "a", "job_id": "secret-film"});
    guarded
        .with(&guarded.admin, Method::POST, JOBS, Some(new))
        .await
        .json(201);
    let mut rest = String::new();
    while let Ok(Some(piece)) = stream.chunk().await {
        rest.push_str(&String::from_utf8_lossy(&piece));
    }
    assert!(!rest.contains("secret-film"), "{rest}");
}
