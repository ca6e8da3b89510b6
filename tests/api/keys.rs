//! Keys over HTTP: who may call what, where there are keys.

use super::{
    answer::Answer,
    face::{Api, call},
};
use callsheet::api::{Need, contracts, operation_of, spec};
use chrono::TimeDelta;
use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};

/// A server whose callers have keys.
pub struct Guarded {
    pub api: Api,
    pub admin: String,
}

impl Guarded {
    pub async fn on(api: Api) -> Self {
        let made = api
            .post("/api/v1/keys", json!({"name": "first", "role": "admin"}))
            .await
            .json(200);
        let admin = made["key"].as_str().unwrap().to_owned();
        Self { api, admin }
    }

    pub async fn with(&self, key: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self.api.request(method, path).bearer_auth(key);
        call(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    pub async fn get(&self, key: &str, path: &str) -> Answer {
        self.with(key, Method::GET, path, None).await
    }

    pub async fn make(&self, new: Value) -> Value {
        let path = "/api/v1/keys";
        self.with(&self.admin, Method::POST, path, Some(new))
            .await
            .json(200)
    }

    pub async fn key_of(&self, role: &str) -> String {
        let made = self.make(json!({"name": role, "role": role})).await;
        made["key"].as_str().unwrap().to_owned()
    }
}

pub const JOBS: &str = "/api/v1/jobs";

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

/// Method and path of every operation, with ids of nothing.
fn operations() -> Vec<(Method, String, String)> {
    let paths = spec::operation_ids().into_iter();
    let filled = |path: String| {
        let parts = path
            .split('/')
            .map(|p| if p.starts_with('{') { "0" } else { p });
        parts.collect::<Vec<_>>().join("/")
    };
    paths
        .map(|(path, method, id)| (method.as_str().parse().unwrap(), filled(path), id))
        .collect()
}

const ROLES: [&str; 5] = ["reader", "creator", "worker", "operator", "admin"];

/// Roles that may call what needs the permission.
fn roles_of(permission: &str) -> &'static [&'static str] {
    match permission {
        "jobs:read" => &ROLES,
        "jobs:create" | "jobs:change" | "jobs:delete" | "active:write" => {
            &["creator", "operator", "admin"]
        }
        "jobs:claim" | "jobs:report" => &["worker", "operator", "admin"],
        "webhooks:manage" | "imports:run" | "backups:run" | "keys:manage" | "audit:read" => {
            &["admin"]
        }
        _ => &["operator", "admin"],
    }
}

#[on_sqlite]
async fn every_operation_is_for_the_roles_of_the_table_and_for_no_key_that_is_not_valid(api: Api) {
    let guarded = Guarded::on(api.clone()).await;
    let end = api.now() + TimeDelta::hours(1);
    let expired = guarded
        .make(json!({"name": "expired", "role": "admin", "expires_at": end.to_rfc3339()}))
        .await;
    api.clock.advance(TimeDelta::hours(2));
    let revoked = guarded
        .make(json!({"name": "revoked", "role": "admin"}))
        .await;
    let path = format!("/api/v1/keys/{}", revoked["key_id"].as_str().unwrap());
    guarded
        .with(&guarded.admin, Method::DELETE, &path, None)
        .await
        .json(200);
    let text = |made: &Value| made["key"].as_str().unwrap().to_owned();
    let refused = [
        None,
        Some("wrong".to_owned()),
        Some(text(&revoked)),
        Some(text(&expired)),
    ];
    let mut keys = Vec::new();
    for role in ROLES {
        keys.push((role, guarded.key_of(role).await));
    }
    for (method, path, id) in operations() {
        let need = operation_of(&id).unwrap().need;
        let status = async |key: Option<&str>| {
            let request = api.request(method.clone(), &path);
            let request = match key {
                Some(key) => request.bearer_auth(key),
                None => request,
            };
            request.send().await.unwrap().status().as_u16()
        };
        for key in &refused {
            let got = status(key.as_deref()).await;
            // An address may send ten wrong keys a minute.
            api.clock.advance(TimeDelta::seconds(6));
            match need {
                Need::Public | Need::Status => assert!(got != 401 && got != 403, "{id}: {got}"),
                Need::Key | Need::Permission(_) => assert_eq!(got, 401, "{id} {key:?}"),
            }
        }
        for (role, key) in &keys {
            let got = status(Some(key)).await;
            let may = match need {
                Need::Permission(permission) => roles_of(permission.name()).contains(role),
                _ => true,
            };
            assert_eq!(got == 403, !may, "{id} as {role}: {got}");
            assert_ne!(got, 401, "{id} as {role}");
        }
    }
}

#[test]
fn the_table_of_permissions_is_as_it_was_reviewed() {
    let rows: Vec<_> = contracts()
        .map(|one| match one.need {
            Need::Permission(permission) => {
                let own = if one.has_own_jobs_rule() {
                    ", creators on jobs of their own key"
                } else {
                    ""
                };
                format!("{}: {}{own}", one.id, permission.name())
            }
            other => format!("{}: {}", one.id, format!("{other:?}").to_lowercase()),
        })
        .collect();
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("permissions", rows.join("\n"));
    });
}
