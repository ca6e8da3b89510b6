//! What a body may be encoded in, numbers that do not fit, and what identifies a problem.

use super::face::{Api, call, least, of_job, places};
use callsheet::codes::CODES;
use flate2::{Compression, write::GzEncoder};
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Write;

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

#[on_sqlite]
async fn an_encoded_body_is_refused_with_the_encodings_that_are_taken(api: Api) {
    let job = api.started().await;
    for path in ["/api/v1/jobs".to_owned(), of_job(&job.id, "/complete")] {
        for encoding in ["gzip", "br", "GZIP", "identity, zstd"] {
            let request = api
                .request(Method::POST, &path)
                .header("Content-Type", "application/json")
                .header("Content-Encoding", encoding);
            let answer = call(request.body(gzip("{\"job_type\": \"a\"}"))).await;
            answer.problem(415, "content_encoding_unsupported");
            assert_eq!(answer.header("accept-encoding"), Some("identity"));
        }
    }
    let plain = api.request(Method::POST, "/api/v1/jobs").json(&least());
    call(plain.header("Content-Encoding", "identity"))
        .await
        .json(201);
}

#[on_sqlite]
async fn a_compressed_dump_may_be_sent_as_what_it_is(api: Api) {
    let types = [
        "application/octet-stream",
        "application/json",
        "application/x-ndjson",
        "application/gzip",
        "application/zstd",
    ];
    for (n, content_type) in types.into_iter().enumerate() {
        let mut request = api
            .request(Method::POST, "/api/v1/imports?dry_run=true")
            .header("Content-Type", content_type)
            .body(gzip("[]"));
        if n % 2 == 1 {
            request = request.header("Content-Encoding", "gzip");
        }
        call(request).await.json(202);
    }
    let other = api
        .request(Method::POST, "/api/v1/imports")
        .header("Content-Type", "application/json")
        .header("Content-Encoding", "br");
    let answer = call(other.body("[]")).await;
    answer.problem(415, "content_encoding_unsupported");
    assert_eq!(
        answer.header("accept-encoding"),
        Some("gzip, x-gzip, zstd, identity")
    );
}

#[on_both]
async fn an_integer_beyond_64_bits_is_refused_where_it_stands_and_others_are_kept(api: Api) {
    let body = r#"{"job_type": "a", "context": {"seeds": [1, 18446744073709551616]}}"#;
    let answer = api
        .send_text(Method::POST, "/api/v1/jobs", "application/json", body)
        .await;
    let problem = answer.problem(400, "invalid_request");
    assert_eq!(places(&problem), ["/context/seeds/1 integer_too_long"]);
    let body = r#"{"job_type": "a", "context": {"seeds": [18446744073709551615, -9223372036854775808, 1e30]}}"#;
    let made = api
        .send_text(Method::POST, "/api/v1/jobs", "application/json", body)
        .await
        .json(201);
    let job = api.job(made["job_id"].as_str().unwrap()).await;
    assert_eq!(
        job["context"]["seeds"],
        json!([18_446_744_073_709_551_615_u64, i64::MIN, 1e30])
    );
}

#[on_sqlite]
async fn the_type_of_every_problem_leads_to_a_page(api: Api) {
    let problem = api
        .get(&of_job("none", ""))
        .await
        .problem(404, "job_not_found");
    assert_eq!(problem["type"], "/problems/job_not_found");
    let list = api.get("/problems").await.text();
    for (code, _, title) in CODES {
        let page = api.get(&format!("/problems/{code}")).await;
        assert_eq!(page.status, 200, "{code}");
        assert_eq!(
            page.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert!(page.text().contains(title) && list.contains(code), "{code}");
    }
    api.get("/problems/none")
        .await
        .problem(404, "route_not_found");
}

#[on_sqlite]
async fn the_request_id_of_a_proxy_is_taken_over_if_it_is_one(api: Api) {
    let ids = |given: &str| {
        call(
            api.request(Method::GET, "/api/v1/jobs/none")
                .header("X-Request-ID", given),
        )
    };
    for id in ["a", "0123-abc/!~", &"x".repeat(128)] {
        let answer = ids(id).await;
        assert_eq!(answer.header("x-request-id"), Some(id));
        assert_eq!(answer.problem(404, "job_not_found")["request_id"], id);
    }
    for other in ["", "a b", &"x".repeat(129), "a\tb"] {
        let answer = ids(other).await;
        let id = answer.header("x-request-id").unwrap();
        assert!(id != other && id.len() == 36, "{id}");
    }
    let twice = api
        .request(Method::GET, "/health")
        .header("X-Request-ID", "a");
    let answer = call(twice.header("X-Request-ID", "b")).await;
    assert_eq!(answer.header("x-request-id").unwrap().len(), 36);
    let refused = api
        .request(Method::GET, "/health")
        .header("X-Request-ID", "mine");
    let answer = call(refused.header("Host", "evil.example")).await;
    assert_eq!(answer.problem(421, "host_refused")["request_id"], "mine");
}

#[on_both]
async fn the_token_of_a_lease_is_in_the_body_and_in_a_header_that_other_origins_see(api: Api) {
    let open = api
        .again(|config| config.cors_origins = vec!["*".into()])
        .await;
    let job = api.queued().await;
    let request = open
        .request(Method::POST, &of_job(&job.id, "/start"))
        .header("Origin", "http://a.example")
        .json(&json!({"worker_id": "w", "lease_seconds": 60}));
    let answer = call(request).await;
    let token = answer.json(200)["lease_token"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("lease-token"), Some(&*token));
    let exposed = answer.header("access-control-expose-headers").unwrap();
    assert!(
        exposed.split(", ").any(|name| name == "lease-token"),
        "{exposed}"
    );
    let done = json!({"lease_token": token});
    api.post(&of_job(&job.id, "/complete"), done)
        .await
        .json(200);
    let unleased = api.queued().await;
    let started = api
        .post(&of_job(&unleased.id, "/start"), json!({}))
        .await
        .json(200);
    assert_eq!(started["lease_token"], Value::Null);
}
