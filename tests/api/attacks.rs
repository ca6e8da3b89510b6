//! Attacks that no other test makes; `docs/decisions/security.md` lists all.

use super::{
    answer::Answer,
    face::{Api, call},
    guarded::{Guarded, JOBS},
};
use reqwest::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Sends bytes, and returns all that comes until the server closes the connection.
async fn until_closed(api: &Api, bytes: &[u8]) -> String {
    let address = api.url("").replace("http://", "");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    // A server that closes with bytes unread resets the connection.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[on_sqlite]
async fn no_request_is_smuggled_inside_another(api: Api) {
    let host = api.url("").replace("http://", "");
    let hidden = format!("DELETE {JOBS}/film HTTP/1.1\r\nHost: {host}\r\n\r\n");
    for framing in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        "Content-Length: 2, 3\r\n\r\n{}",
        "Content-Length: +2\r\n\r\n{}",
        "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "X-A: b\r\n Content-Length: 9\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n2\r\n{}XX0\r\n\r\n",
    ] {
        api.delete(&format!("{JOBS}/film")).await;
        api.named("film").await;
        let head =
            format!("POST {JOBS} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n");
        let answer = until_closed(&api, format!("{head}{framing}{hidden}").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{framing:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{framing:?}");
        assert_eq!(api.job("film").await["status"], "queued", "{framing:?}");
    }
}

#[on_sqlite]
async fn a_header_of_64_kb_is_refused_and_its_connection_ends(api: Api) {
    let host = api.url("").replace("http://", "");
    let long = "a".repeat(64 << 10);
    let many: String = (0..200).map(|n| format!("X-{n}: a\r\n")).collect();
    for head in [
        format!("GET {JOBS} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {long}\r\n\r\n"),
        format!("GET {JOBS} HTTP/1.1\r\nHost: {host}\r\n{many}\r\n"),
        format!("GET {JOBS}?q={long} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    ] {
        let answer = until_closed(&api, head.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
}

#[on_both]
async fn no_filter_is_read_as_sql_or_as_a_pattern(api: Api) {
    api.named("film").await;
    for text in [
        "'%20OR%201=1--",
        "%27%3BDROP%20TABLE%20series%3B--",
        "%25",
        "_",
        "%5C",
        "%22",
        "$1",
        "%3F",
    ] {
        for filter in [
            "job_type=",
            "mode=",
            "series_id=",
            "episode_id=",
            "q=",
            "label=a%3D",
        ] {
            let page = api.get(&format!("{JOBS}?{filter}{text}")).await;
            if page.status == 200 {
                assert_eq!(page.json(200)["jobs"], json!([]), "{filter} {text}");
            } else {
                page.problem(400, "invalid_request");
            }
        }
        for path in [
            format!("{JOBS}/{text}"),
            format!("/api/v1/series/{text}"),
            format!("/api/v1/actions/{text}"),
            format!("{JOBS}/{text}/items"),
        ] {
            let status = api.get(&path).await.status;
            assert!(matches!(status, 400 | 404), "{path}: {status}");
        }
    }
    assert_eq!(api.job("film").await["status"], "queued");
}

#[on_sqlite]
async fn five_hundred_ranges_are_answered_with_the_file_once(api: Api) {
    std::fs::write(api.media("a.mp4"), vec![b'x'; 1000]).unwrap();
    let ranges: Vec<String> = (0..500).map(|n| format!("0-{n}")).collect();
    let range = format!("bytes={}", ranges.join(","));
    let answer: Answer = call(
        api.request(Method::GET, "/media/a.mp4")
            .header("range", range),
    )
    .await;
    assert_eq!((answer.status, answer.body.len()), (200, 1000));
}

#[on_sqlite]
async fn no_answer_shows_a_key(api: Api) {
    let guarded = Guarded::on(api.clone()).await;
    let made = guarded.make(json!({"name": "a", "role": "admin"})).await;
    let key = made["key"].as_str().unwrap();
    let secret = &key[12..];
    let mut wrong = key.to_owned();
    wrong.replace_range(54.., "abcdef");
    for (method, path, body) in [
        (Method::GET, "/api/v1/keys".to_owned(), None),
        (Method::GET, "/api/v1/session".to_owned(), None),
        (Method::GET, "/api/v1/audit".to_owned(), None),
        (Method::GET, format!("{JOBS}?q={key}&x={key}"), None),
        (Method::GET, format!("/{key}"), None),
        (
            Method::POST,
            "/api/v1/session".to_owned(),
            Some(json!({"key": key})),
        ),
        (Method::POST, JOBS.to_owned(), Some(json!({"key": key}))),
    ] {
        let of = |answer: Answer| format!("{:?} {}", answer.headers, answer.text());
        let shown = of(guarded.with(key, method.clone(), &path, body.clone()).await);
        // A path or a query that the caller sent may come back in a sentence.
        if !path.contains(key) {
            assert!(!shown.contains(secret), "{method} {path}: {shown}");
        }
        let shown = of(guarded.with(&wrong, method.clone(), &path, body).await);
        assert!(!shown.contains(&wrong), "{method} {path}: {shown}");
    }
}
