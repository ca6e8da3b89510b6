//! A proxy that answers in the server's place for a moment: nothing that it says is the server's
//! word.

use super::{
    proxy::{Deed, Proxy},
    stage::Stage,
};
use crate::support::TestDb;
use serde_json::{Value, json};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

const PAGE: &str = "<html><body>nginx</body></html>";

/// Answers of a proxy whose server is away, or that knows better.
pub const WRONG: [(&str, &str); 14] = [
    ("301 Moved Permanently", PAGE),
    ("307 Temporary Redirect", ""),
    ("401 Unauthorized", PAGE),
    ("403 Forbidden", PAGE),
    ("404 Not Found", PAGE),
    ("404 Not Found", r#"{"code": 404, "error": "no route"}"#),
    ("405 Method Not Allowed", ""),
    ("413 Payload Too Large", PAGE),
    ("429 Too Many Requests", ""),
    ("502 Bad Gateway", PAGE),
    ("504 Gateway Timeout", ""),
    ("200 OK", PAGE),
    ("200 OK", "{}"),
    ("204 No Content", ""),
];

const RENDER: &str = r#"
    echo run >> runs; echo '{"stage": "up"}'; while [ ! -e go ]; do sleep 0.02; done; rm go
    echo '{"item": {"key": "one", "status": "completed"}}'; echo '{"result": {"fine": true}}'"#;

#[on_both]
async fn no_answer_of_a_proxy_costs_work_or_ends_a_worker(db: TestDb) {
    let stage = Stage::at(&db).await;
    let proxy = Proxy::to(&stage.server.url, Box::new(|_, _| Deed::Pass)).await;
    let mut worker = stage.worker_at(&proxy.url, &[], &["sh", "-c", RENDER]);
    worker.says("works on render").await;
    for (n, (status, body)) in WRONG.into_iter().enumerate() {
        let id = format!("film-{n}");
        stage.create(&id).await;
        stage.until(&id, |job| job["current_stage"] == "up").await;
        // The next call of each kind, and the one after it, are answered by the proxy.
        let calls: [AtomicUsize; 3] = Default::default();
        let calls = Arc::new(calls);
        let seen = calls.clone();
        proxy.change(move |path, _| {
            let kind = ["heartbeat", "complete", "claims"]
                .iter()
                .position(|kind| path.ends_with(kind))
                .unwrap_or_default();
            match (kind, seen[kind].fetch_add(1, Ordering::Relaxed)) {
                (_, 0) => Deed::Answer(status, body),
                (0 | 1, 1) => Deed::Replace(status, body),
                _ => Deed::Pass,
            }
        });
        std::fs::write(stage.path("go"), "").unwrap();
        let job = stage.until(&id, |job| job["status"] != "processing").await;
        assert_eq!(
            json!([
                job["status"],
                job["attempt"],
                job["result"],
                job["completed_shots"]
            ]),
            json!(["completed", 1, {"fine": true}, 1]),
            "{status}"
        );
        worker.says(&format!("{id} completed")).await;
        assert!(calls[1].load(Ordering::Relaxed) > 2, "{status}");
    }
    proxy.change(|_, _| Deed::Pass);
    assert_eq!(stage.read("runs").lines().count(), WRONG.len());
    worker.stop().await;
}

#[on_both]
async fn a_url_that_leads_to_something_else_ends_the_worker_with_a_sentence(db: TestDb) {
    let stage = Stage::at(&db).await;
    for (status, body) in [
        ("404 Not Found", PAGE),
        ("301 Moved Permanently", ""),
        ("200 OK", PAGE),
    ] {
        let rule = move |_: &str, _: &[u8]| Deed::Answer(status, body);
        let proxy = Proxy::to(&stage.server.url, Box::new(rule)).await;
        let mut worker = stage.worker_at(&proxy.url, &[], &["sh", "-c", RENDER]);
        let sentence = worker.says("callsheet: ").await;
        assert!(
            sentence.contains("refused to give jobs") && sentence.contains(status),
            "{sentence}"
        );
        assert_eq!(worker.ends().await.code(), Some(1));
    }
}

#[on_both]
async fn a_proxy_that_never_lets_a_result_pass_fails_the_attempt_and_keeps_the_lease(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create("film").await;
    let rule = |path: &str, _: &[u8]| {
        if path.ends_with("complete") {
            Deed::Answer("413 Payload Too Large", PAGE)
        } else {
            Deed::Pass
        }
    };
    let proxy = Proxy::to(&stage.server.url, Box::new(rule)).await;
    std::fs::write(stage.path("go"), "").unwrap();
    let mut worker = stage.worker_at(&proxy.url, &["--lease-seconds", "2"], &["sh", "-c", RENDER]);
    worker.says("film failed").await;
    let job = stage.job("film").await;
    assert_eq!(
        json!([job["status"], job["attempt"], job["error"]]),
        json!([
            "queued",
            1,
            "the result was not taken: something before the server: it answered 413 Payload Too Large"
        ])
    );
    worker.stop().await;
}

#[on_both]
async fn a_claim_whose_answer_is_lost_is_asked_again_as_the_same_call(db: TestDb) {
    let stage = Stage::at(&db).await;
    let calls = Arc::new(Mutex::new(Vec::<Value>::new()));
    let seen = calls.clone();
    let rule = move |path: &str, body: &[u8]| {
        if !path.ends_with("claims") {
            return Deed::Pass;
        }
        let mut seen = seen.lock().unwrap();
        seen.push(serde_json::from_slice(body).unwrap());
        match seen.len() {
            1 => Deed::Cut,
            2 | 4 => Deed::Answer("502 Bad Gateway", PAGE),
            _ => Deed::Pass,
        }
    };
    let proxy = Proxy::to(&stage.server.url, Box::new(rule)).await;
    for id in ["a", "b"] {
        stage.create(id).await;
    }
    let mut worker = stage.worker_at(&proxy.url, &[], &["true"]);
    worker.says("a completed").await;
    worker.says("b completed").await;
    worker.stop().await;
    let calls = calls.lock().unwrap();
    let ids: Vec<_> = calls
        .iter()
        .map(|call| call["call_id"].as_str().unwrap())
        .collect();
    assert!(
        ids[0] == ids[1] && ids[1] == ids[2] && ids[3] == ids[4] && ids[2] != ids[3],
        "{ids:?}"
    );
    assert!(calls.iter().all(|call| call["max_jobs"] == 1));
}
