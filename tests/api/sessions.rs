//! Sessions of the dashboard: what they stand for, and when they end.

use super::{
    face::{Api, call},
    guarded::{Guarded, JOBS},
};
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::json;

#[on_both]
async fn a_session_stands_for_its_key_on_pages_of_this_server(api: Api) {
    let guarded = Guarded::on(api.clone()).await;
    let made = guarded
        .make(json!({"name": "ada", "role": "operator"}))
        .await;
    let (id, key) = (
        made["key_id"].as_str().unwrap(),
        made["key"].as_str().unwrap(),
    );
    let path = "/api/v1/session";
    api.post(path, json!({"key": "wrong"}))
        .await
        .problem(401, "unauthenticated");
    let answer = api.post(path, json!({"key": key})).await;
    let set = answer.header("set-cookie").unwrap().to_owned();
    assert!(
        set.contains("; HttpOnly; SameSite=Strict") && !set.contains("Secure"),
        "{set}"
    );
    assert!(!set.contains(key), "the cookie is not the key");
    let me = answer.json(200);
    assert_eq!(
        (&me["name"], &me["role"], &me["open"]),
        (&json!("ada"), &json!("operator"), &json!(false))
    );
    let cookie = set.split(';').next().unwrap().to_owned();
    let with = |method: Method, path: &str| api.request(method, path).header("cookie", &cookie);
    assert_eq!(call(with(Method::GET, path)).await.json(200), me);
    let origin = api.url("");
    let post = || with(Method::POST, JOBS).json(&json!({"job_type": "a"}));
    for refused in [
        post(),
        post().header("x-callsheet", "1"),
        post().header("origin", &origin),
        post().header("origin", &origin).header("x-callsheet", "2"),
        post()
            .header("origin", "http://evil.example")
            .header("x-callsheet", "1"),
        post().header("origin", "null").header("x-callsheet", "1"),
    ] {
        call(refused).await.problem(403, "origin_refused");
    }
    let own = |request: reqwest::RequestBuilder| {
        call(request.header("origin", &origin).header("x-callsheet", "1"))
    };
    own(post()).await.json(201);
    own(with(Method::GET, "/api/v1/keys"))
        .await
        .problem(403, "role_missing");
    let signed_out = own(with(Method::DELETE, path)).await;
    assert!(
        signed_out
            .header("set-cookie")
            .unwrap()
            .contains("Max-Age=0")
    );
    // It ends with its key, and after twelve hours.
    let other = guarded.key_of("reader").await;
    let set = api
        .post(path, json!({"key": other}))
        .await
        .header("set-cookie")
        .unwrap()
        .to_owned();
    let later = set.split(';').next().unwrap().to_owned();
    let ask = |cookie: &str| call(api.request(Method::GET, JOBS).header("cookie", cookie));
    guarded
        .with(
            &guarded.admin,
            Method::DELETE,
            &format!("/api/v1/keys/{id}"),
            None,
        )
        .await
        .json(200);
    ask(&cookie).await.problem(401, "unauthenticated");
    ask(&later).await.json(200);
    let (head, last) = later.split_at(later.len() - 1);
    let forged = format!("{head}{}", if last == "0" { "1" } else { "0" });
    ask(&forged).await.problem(401, "unauthenticated");
    api.clock.advance(TimeDelta::hours(12));
    ask(&later).await.problem(401, "unauthenticated");
}

#[on_both]
async fn signing_out_ends_the_session_on_every_server(api: Api) {
    let guarded = Guarded::on(api.clone()).await;
    let other = api.again(|_| {}).await;
    let path = "/api/v1/session";
    let mut cookies = Vec::new();
    for _ in 0..2 {
        let answer = api.post(path, json!({"key": guarded.admin})).await;
        let set = answer.header("set-cookie").unwrap();
        cookies.push(set.split(';').next().unwrap().to_owned());
    }
    assert_ne!(cookies[0], cookies[1]);
    let ask = |of: &Api, cookie: &str| call(of.request(Method::GET, JOBS).header("cookie", cookie));
    other.served().load_keys().await.unwrap();
    ask(&other, &cookies[0]).await.json(200);
    let out = api
        .request(Method::DELETE, path)
        .header("cookie", &cookies[0])
        .header("origin", api.url(""));
    assert_eq!(call(out).await.status, 204);
    other.served().load_keys().await.unwrap();
    for server in [&api, &other] {
        ask(server, &cookies[0])
            .await
            .problem(401, "unauthenticated");
        ask(server, &cookies[1]).await.json(200);
    }
    // Who reads the database finds nothing to send.
    let rows = api.served().database().sessions(api.now()).await.unwrap();
    assert_eq!(rows.len(), 1);
    for token in [
        format!("{}.{}", rows[0].id, rows[0].hash),
        format!("{}.", rows[0].id),
    ] {
        ask(&api, &format!("callsheet_session={token}"))
            .await
            .problem(401, "unauthenticated");
    }
    // A key with another text ends its sessions.
    let path = format!("/api/v1/keys/{}/rotate", &guarded.admin[3..11]);
    guarded
        .with(&guarded.admin, Method::POST, &path, None)
        .await
        .json(200);
    ask(&api, &cookies[1]).await.problem(401, "unauthenticated");
}

#[on_sqlite]
async fn a_key_has_a_hundred_sessions_at_most(api: Api) {
    let guarded = Guarded::on(api.clone()).await;
    for _ in 0..102 {
        api.served().start_session(&guarded.admin).await.unwrap();
        api.clock.advance(TimeDelta::seconds(1));
    }
    let rows = api.served().database().sessions(api.now()).await.unwrap();
    assert_eq!(rows.len(), 100);
}
