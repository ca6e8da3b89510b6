//! Bodies that are made to cost much: long names, many errors, texts that look alike.

use super::face::{Api, of_job, places};
use reqwest::Method;
use serde_json::{Value, json};

const NAME: usize = 300_000;

fn nuls(n: usize) -> Value {
    json!(vec!["\0"; n])
}

fn documents() -> Vec<(Method, &'static str, Value)> {
    let name = "n".repeat(NAME);
    let named = |value: Value| json!({ &name: value });
    let (post, patch) = (Method::POST, Method::PATCH);
    let item = json!({"key": "a", "status": "completed", "result": {&name: nuls(9_000)}});
    let ended = json!({"job_id": "a", "outcome": "completed", "result": {&name: nuls(9_000)}});
    let keys: Vec<_> = (0..9_000)
        .map(|i| json!({"key": "\0", "input": i}))
        .collect();
    let unknown: Value = (0..20_000)
        .map(|i| (format!("{}{i}", "u".repeat(30)), json!(1)))
        .collect();
    let labels: Value = (0..16)
        .map(|i| (format!("{}{i}", "l".repeat(50_000)), json!(1)))
        .collect();
    vec![
        (
            post.clone(),
            "",
            json!({"job_type": "a", "request_data": named(nuls(70_000))}),
        ),
        (
            post.clone(),
            "",
            json!({"job_type": "a", "context": {"a": named(nuls(70_000))}}),
        ),
        (post.clone(), "", json!({"job_type": "a", "items": keys})),
        (
            post.clone(),
            "",
            json!({"job_type": "a", "items": [{"key": "k", "input": named(nuls(70_000))}]}),
        ),
        (post.clone(), "", json!({"job_type": "a", "labels": labels})),
        (post.clone(), "", json!({"job_type": "a", &name: 1})),
        (post.clone(), "", unknown.clone()),
        (
            post.clone(),
            "/bulk",
            json!({"jobs": vec![json!({"job_type": "a", "context": {"a": nuls(90)}}); 900]}),
        ),
        (
            post.clone(),
            "/bulk",
            json!({"jobs": vec![json!({"job_type": 1, "mode": 2, "style": []}); 1000]}),
        ),
        (post.clone(), "/bulk", json!({"jobs": [unknown.clone()]})),
        (patch.clone(), "/a", json!({"context": named(nuls(70_000))})),
        (patch.clone(), "/a", json!({"result": named(nuls(70_000))})),
        (patch.clone(), "/a/items", json!({"items": [item.clone()]})),
        (
            post.clone(),
            "/a/heartbeat",
            json!({"lease_token": "t", "items": [item]}),
        ),
        (
            post.clone(),
            "/a/heartbeat",
            json!({"lease_token": "t", "log": vec!["\0"; 100]}),
        ),
        (
            post.clone(),
            "/a/complete",
            json!({"result": named(nuls(70_000))}),
        ),
        (
            post.clone(),
            "/actions",
            json!({"action": "cancel", "filter": {"job_ids": nuls(1000), &name: 1}}),
        ),
        (post.clone(), "/../outcomes", json!({"outcomes": [ended]})),
        (
            post.clone(),
            "/../outcomes",
            json!({"outcomes": vec![json!({"job_id": 1, "x": 2}); 1000]}),
        ),
        (
            post,
            "/../claims",
            json!({"worker_id": "w", "job_types": vec!["A"; 60_000]}),
        ),
    ]
}

#[on_sqlite]
async fn an_answer_tells_of_fifty_errors_at_most_and_stays_small(api: Api) {
    for (method, path, body) in documents() {
        let body = body.to_string();
        assert!(body.len() < 1 << 20);
        let path = format!("/api/v1/jobs{path}").replace("/jobs/..", "");
        let answer = api
            .send_text(method, &path, "application/json", body.as_str())
            .await;
        let problem = answer.problem(400, "invalid_request");
        let errors = problem["errors"].as_array().unwrap();
        assert!((1..=50).contains(&errors.len()), "{path}: {}", errors.len());
        assert!(
            problem.to_string().len() <= 64 << 10,
            "{path}: {}",
            problem.to_string().len()
        );
        assert!(!problem.to_string().contains(&"n".repeat(201)), "{path}");
    }
}

#[on_sqlite]
async fn a_long_name_is_refused_and_cut_in_the_answer(api: Api) {
    let named = |n: usize| json!({"job_type": "a", "context": {"a": [{"é".repeat(n): 1}]}});
    api.post("/api/v1/jobs", named(1024)).await.json(201);
    let problem = api
        .post("/api/v1/jobs", named(1025))
        .await
        .problem(400, "invalid_request");
    assert_eq!(
        places(&problem),
        [format!("/context/a/0/{}… too_long", "é".repeat(200))]
    );
    // Deep as it may be, a pointer is a line.
    let deep = (0..100).fold(json!("\0"), |inner, _| json!({"d".repeat(1000): inner}));
    let problem = api
        .post(
            "/api/v1/jobs",
            json!({"job_type": "a", "context": {"a": deep}}),
        )
        .await;
    let problem = problem.problem(400, "invalid_request");
    assert!(places(&problem)[0].chars().count() < 2100);
}

#[on_sqlite]
async fn what_the_caller_sent_is_cut_where_a_sentence_shows_it(api: Api) {
    let long = "x".repeat(5000);
    let path = format!("/api/v1/{long}");
    let media = api
        .send_text(Method::POST, "/api/v1/jobs", &format!("text/{long}"), "{}")
        .await;
    let calls = [
        (api.get(&path).await.problem(404, "route_not_found"), 200),
        (
            api.get(&of_job(&long, "/nothing"))
                .await
                .problem(404, "route_not_found"),
            200,
        ),
        (media.problem(415, "media_type_unsupported"), 200),
        (
            api.get(&format!("/api/v1/jobs?job_type=a&q={long}"))
                .await
                .problem(400, "invalid_request"),
            1,
        ),
        (
            api.get(&format!("/api/v1/jobs?cursor={long}"))
                .await
                .problem(400, "invalid_request"),
            1,
        ),
    ];
    for (problem, most) in calls {
        assert!(
            !problem.to_string().contains(&"x".repeat(most + 1)),
            "{problem}"
        );
    }
}

/// Lists of lists that have no values in them, each of another shape.
fn empty_lists(n: usize) -> Vec<Value> {
    let shape = |mut bits: usize| {
        let mut lists = vec![json!([])];
        while bits > 0 {
            let last = lists.pop().unwrap();
            lists.push(if bits.is_multiple_of(2) {
                json!([last])
            } else {
                json!([[], last])
            });
            bits /= 2;
        }
        lists.pop().unwrap()
    };
    (0..n).map(shape).collect()
}

#[on_sqlite]
async fn elements_whose_hashes_were_made_alike_are_told_apart_at_once(api: Api) {
    let items: Vec<_> = empty_lists(10_000)
        .into_iter()
        .map(|input| json!({"key": "k", "input": input}))
        .collect();
    let problem = api
        .post("/api/v1/jobs", json!({"job_type": "a", "items": items}))
        .await;
    assert_eq!(
        places(&problem.problem(409, "item_conflict")),
        ["/items/1/key duplicate_key"]
    );
    let twice = json!({"job_type": "a", "items": [{"key": "k"}, {"key": "l"}, {"key": "k"}]});
    let problem = api
        .post("/api/v1/jobs", twice)
        .await
        .problem(400, "invalid_request");
    assert_eq!(places(&problem), ["/items duplicate_key"]);
}

#[on_sqlite]
async fn a_large_body_is_taken_as_a_small_one_is(api: Api) {
    let text = "x".repeat(300_000);
    let body = json!({"job_type": "a", "context": {"text": text, "list": vec![0; 200_000]}});
    let job = api.post("/api/v1/jobs", body.clone()).await.json(201);
    assert_eq!(job["context"], body["context"]);
    let key = |body: &Value| {
        let call = api
            .request(Method::POST, "/api/v1/jobs")
            .header("Idempotency-Key", "k")
            .json(body);
        super::face::call(call)
    };
    let first = key(&body).await.json(201);
    assert_eq!(key(&body).await.json(201)["job_id"], first["job_id"]);
    let other = json!({"job_type": "a", "context": {"text": text, "list": vec![0; 200_001]}});
    key(&other).await.problem(422, "idempotency_key_reused");
}

#[on_sqlite]
async fn a_large_body_keeps_no_other_call_waiting(api: Api) {
    let members: Value = (0..80_000).map(|i| (format!("{i:x}"), json!(1))).collect();
    let body = json!({"job_type": "a", "context": members}).to_string();
    let caller = api.clone();
    let creates = (0..8).map(move |_| {
        let (api, body) = (caller.clone(), body.clone());
        async move {
            api.send_text(
                Method::POST,
                "/api/v1/jobs",
                "application/json",
                body.as_str(),
            )
            .await
            .json(201)
        }
    });
    let all = tokio::spawn(crate::support::at_once(creates));
    // Not a measurement: that it is answered at all while they are read.
    api.get("/health/live").await.json(200);
    assert_eq!(all.await.unwrap().len(), 8);
}

#[on_sqlite]
async fn a_number_that_no_database_holds_is_malformed(api: Api) {
    for number in ["1e999999", "-1e400", &"1".repeat(400_000)] {
        let body = format!(r#"{{"job_type":"a","context":{{"a":{number}}}}}"#);
        let answer = api
            .send_text(
                Method::POST,
                "/api/v1/jobs",
                "application/json",
                body.as_str(),
            )
            .await;
        answer.problem(400, "malformed_body");
    }
}

#[on_sqlite]
async fn a_body_that_would_take_much_memory_is_refused_before_it_is_parsed(api: Api) {
    let nested = |depth: usize| format!("{}0{}", r#"{"":"#.repeat(depth), "}".repeat(depth));
    let list = vec![nested(90); 1900].join(",");
    let body = format!(r#"{{"job_type":"a","context":{{"a":[{list}]}}}}"#);
    assert!(body.len() < 1 << 20);
    let answer = api
        .send_text(Method::POST, "/api/v1/jobs", "application/json", body)
        .await;
    let problem = answer.problem(413, "body_too_large");
    assert!(problem["detail"].as_str().unwrap().contains("objects"));
    // As large, and harmless.
    let points = vec![json!({"x": 1.5, "y": 2.5}); 50_000];
    let body = json!({"job_type": "a", "context": {"points": points}});
    api.post("/api/v1/jobs", body).await.json(201);
}
