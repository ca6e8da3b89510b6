//! Every error is a problem, also those that no operation answers: paths, methods, content types,
//! sizes, broken JSON.

use super::face::{Api, call, least, of_job};
use reqwest::Method;

#[on_both]
async fn a_path_that_is_not_there_is_a_problem(api: Api) {
    for path in [
        "/nothing",
        "/api/v1",
        "/api/v1/nothing",
        "/api/v2/jobs",
        "/api/v1/jobs/a/nothing",
        "/docs/x",
        "/mediax",
    ] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            call(api.request(method, path))
                .await
                .problem(404, "route_not_found");
        }
    }
}

#[on_both]
async fn a_method_that_is_not_taken_names_those_that_are(api: Api) {
    let rows = [
        (Method::PUT, "/api/v1/jobs", "GET, HEAD, POST"),
        (Method::POST, "/api/v1/jobs/a", "DELETE, GET, HEAD, PATCH"),
        (Method::DELETE, "/api/v1/jobs/counts", "GET, HEAD"),
        (Method::GET, "/api/v1/jobs/a/start", "POST"),
        (Method::DELETE, "/api/v1/jobs/a/shots", "GET, HEAD, PUT"),
        (Method::POST, "/api/v1/jobs/a/shots/0", "GET, HEAD, PUT"),
        (Method::GET, "/api/v1/generate/idea2video", "POST"),
        (Method::PATCH, "/health", "GET, HEAD"),
        (Method::POST, "/docs", "GET, HEAD"),
        (Method::POST, "/openapi.json", "GET, HEAD"),
        (Method::TRACE, "/api/v1/jobs", "GET, HEAD, POST"),
        (Method::OPTIONS, "/api/v1/jobs", "GET, HEAD, POST"),
    ];
    for (method, path, allow) in rows {
        let answer = call(api.request(method.clone(), path)).await;
        answer.problem(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
    }
}

#[on_both]
async fn a_body_of_another_type_is_refused(api: Api) {
    let body = least().to_string();
    for content_type in [
        "text/plain",
        "application/xml",
        "application/jsonx",
        "application/x-www-form-urlencoded",
        "",
    ] {
        let answer = api
            .send_text(Method::POST, "/api/v1/jobs", content_type, &*body)
            .await;
        answer.problem(415, "media_type_unsupported");
    }
    let answer = call(api.request(Method::POST, "/api/v1/jobs").body(body)).await;
    answer.problem(415, "media_type_unsupported");
    assert_eq!(
        api.get("/api/v1/jobs").await.json(200)["pagination"]["total"],
        0
    );
}

#[on_both]
async fn a_body_of_json_under_any_of_its_names_is_taken(api: Api) {
    let job = api.queued().await;
    let json = [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON;charset=UTF-8",
    ];
    let patch = [
        "application/merge-patch+json",
        "application/merge-patch+json; charset=utf-8",
    ];
    for (n, content_type) in json.into_iter().chain(patch).enumerate() {
        let body = format!(r#"{{"project_title": "{n}"}}"#);
        let answer = api
            .send_text(Method::PATCH, &of_job(&job.id, ""), content_type, body)
            .await;
        assert_eq!(answer.json(200)["project_title"], n.to_string());
    }
}

#[on_both]
async fn a_body_that_is_not_json_is_refused(api: Api) {
    let broken: [&[u8]; 12] = [
        b"",
        b"{",
        b"{'job_type': 'idea2video'}",
        b"{\"job_type\": \"idea2video\",}",
        b"{\"job_type\": \"idea2video\"} {}",
        b"{\"job_type\": NaN}",
        b"{\"priority\": Infinity}",
        b"{\"priority\": 1e999}",
        b"{\"job_type\": \"\xff\xfe\"}",
        b"{\"job_type\": \"idea2video\", \"content\": \"\\ud800\"}",
        b"{\"job_type\": \"idea2video\", \"content\": \"\\udc00\\ud800\"}",
        b"\xef\xbb\xbf{\"job_type\": \"idea2video\"}",
    ];
    for body in broken {
        let answer = api
            .send_text(Method::POST, "/api/v1/jobs", "application/json", body)
            .await;
        answer.problem(400, "malformed_body");
    }
    let deep = format!(
        "{{\"context\": {}{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    api.send_text(Method::POST, "/api/v1/jobs", "application/json", deep)
        .await
        .problem(400, "malformed_body");
    assert_eq!(
        api.get("/api/v1/jobs").await.json(200)["pagination"]["total"],
        0
    );
}

/// A valid body of so many bytes.
fn body_of(bytes: usize) -> String {
    let (start, end) = (r#"{"job_type": "idea2video", "content": ""#, r#""}"#);
    format!(
        "{start}{}{end}",
        "x".repeat(bytes - start.len() - end.len())
    )
}

#[on_both]
async fn a_body_above_a_mebibyte_is_refused(api: Api) {
    let post = |bytes| {
        api.send_text(
            Method::POST,
            "/api/v1/jobs",
            "application/json",
            body_of(bytes),
        )
    };
    post(1024 * 1024 + 1).await.problem(413, "body_too_large");
    post(1024 * 1024).await.json(201);
    let small = api.again(|config| config.max_body_bytes = 2048).await;
    let post = |bytes| {
        small.send_text(
            Method::POST,
            "/api/v1/jobs",
            "application/json",
            body_of(bytes),
        )
    };
    post(2049).await.problem(413, "body_too_large");
    post(2048).await.json(201);
}

#[on_both]
async fn a_body_without_a_length_is_counted_as_it_comes(api: Api) {
    let chunked = |bytes: usize| {
        let head = "POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
                    Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
        format!("{head}{bytes:x}\r\n{}\r\n0\r\n\r\n", body_of(bytes))
    };
    let small = api.again(|config| config.max_body_bytes = 2048).await;
    small
        .raw(chunked(2049).as_bytes())
        .await
        .problem(413, "body_too_large");
    small.raw(chunked(2048).as_bytes()).await.json(201);
}

#[on_both]
async fn every_answer_has_an_id_of_its_own(api: Api) {
    let first = api.get("/health").await;
    let second = api.get("/nothing").await;
    let ids = [&first, &second].map(|answer| answer.header("x-request-id").unwrap().to_owned());
    assert_ne!(ids[0], ids[1]);
    assert_eq!(first.header("x-content-type-options"), Some("nosniff"));
}
