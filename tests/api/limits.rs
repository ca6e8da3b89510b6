//! Limits of callers: requests a minute, wrong keys of an address, streams and waiting calls.

use super::{
    answer::Answer,
    face::{Api, call},
    guarded::{Guarded, JOBS},
};
use chrono::TimeDelta;
use futures_util::{StreamExt, stream::FuturesUnordered};
use reqwest::Method;
use serde_json::json;

fn key(made: &serde_json::Value) -> String {
    made["key"].as_str().unwrap().to_owned()
}

#[on_both]
async fn a_key_makes_so_many_requests_a_minute(api: Api) {
    let guarded = Guarded::on(api.clone()).await;
    let new = json!({"name": "a", "role": "reader", "requests_per_minute": 6});
    let limited = key(&guarded.make(new).await);
    for remaining in (0..6).rev() {
        let answer = guarded.get(&limited, JOBS).await;
        answer.json(200);
        assert_eq!(answer.header("ratelimit-policy"), Some("\"key\";q=6;w=60"));
        let left = format!("\"key\";r={remaining};t={}", (6 - remaining) * 10);
        assert_eq!(answer.header("ratelimit"), Some(&*left));
    }
    let refused = guarded.get(&limited, JOBS).await;
    refused.problem(429, "rate_limited");
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=11).contains(&wait), "{wait}");
    assert_eq!(refused.header("ratelimit"), Some("\"key\";r=0;t=60"));
    // Changes of other keys keep what this one has used.
    let other = guarded.key_of("reader").await;
    guarded
        .get(&limited, JOBS)
        .await
        .problem(429, "rate_limited");
    assert_eq!(guarded.get(&other, JOBS).await.header("ratelimit"), None);
    api.clock.advance(TimeDelta::seconds(10));
    let denied = guarded.get(&limited, "/api/v1/keys").await;
    denied.problem(403, "role_missing");
    assert!(denied.header("ratelimit").is_some(), "refused calls count");
    guarded
        .get(&limited, JOBS)
        .await
        .problem(429, "rate_limited");
    api.clock.advance(TimeDelta::minutes(1));
    guarded.get(&limited, JOBS).await.json(200);
}

#[on_sqlite]
async fn limits_are_numbers_from_one(api: Api) {
    let guarded = Guarded::on(api.clone()).await;
    for wrong in [
        json!(0),
        json!(-1),
        json!(1.5),
        json!("6"),
        json!(1_000_001),
    ] {
        let new = json!({"name": "a", "role": "reader", "requests_per_minute": wrong});
        guarded
            .with(&guarded.admin, Method::POST, "/api/v1/keys", Some(new))
            .await
            .problem(400, "invalid_request");
    }
}

const WRONG: &str = "a-key-that-a-person-chose";

#[on_both]
async fn an_address_sends_ten_wrong_keys_a_minute(api: Api) {
    let guarded = Guarded::on(api.clone()).await;
    let rotated = guarded.key_of("reader").await;
    let path = format!("/api/v1/keys/{}/rotate", &rotated[3..11]);
    guarded
        .with(&guarded.admin, Method::POST, &path, None)
        .await
        .json(200);
    let from = |address: &'static str, key: String| {
        let request = api.request(Method::GET, JOBS).bearer_auth(key);
        call(request.header("x-forwarded-for", address))
    };
    for n in 0..10 {
        let wrong = [WRONG, &rotated][n % 2].to_owned();
        let answer: Answer = from("192.0.2.1", wrong).await;
        answer.problem(401, "unauthenticated");
    }
    for wrong in [WRONG.to_owned(), rotated.clone()] {
        let refused = from("192.0.2.1", wrong).await;
        refused.problem(429, "too_many_failures");
        assert!(refused.header("retry-after").is_some());
    }
    // A key that the server made passes, and another address has its own count.
    from("192.0.2.1", guarded.admin.clone()).await.json(200);
    from("192.0.2.2", WRONG.to_owned())
        .await
        .problem(401, "unauthenticated");
    // Addresses of one network of IPv6 are one client.
    for n in 0..10 {
        let address = ["2001:db8::1", "2001:db8::2:1"][n % 2];
        from(address, WRONG.to_owned())
            .await
            .problem(401, "unauthenticated");
    }
    from("2001:db8::3", WRONG.to_owned())
        .await
        .problem(429, "too_many_failures");
    from("2001:db8:0:1::1", WRONG.to_owned())
        .await
        .problem(401, "unauthenticated");
    api.clock.advance(TimeDelta::seconds(6));
    from("192.0.2.1", WRONG.to_owned())
        .await
        .problem(401, "unauthenticated");
    from("192.0.2.1", WRONG.to_owned())
        .await
        .problem(429, "too_many_failures");
    // Requests without a key are none that are wrong.
    for _ in 0..15 {
        api.get(JOBS).await.problem(401, "unauthenticated");
    }
}

#[on_sqlite]
async fn an_address_over_its_limit_cannot_guess_the_key_of_the_settings(api: Api) {
    let admin = "correct-horse-battery-staple";
    api.served().set_admin_key(admin);
    let ask = |key: &str| call(api.request(Method::GET, JOBS).bearer_auth(key));
    let sign_in = |key: &str| api.post("/api/v1/session", json!({"key": key}));
    for n in 0..10 {
        let guess = format!("{admin}{n}");
        let answer = if n % 2 == 0 {
            ask(&guess).await
        } else {
            sign_in(&guess).await
        };
        answer.problem(401, "unauthenticated");
    }
    ask(admin).await.problem(429, "too_many_failures");
    sign_in(admin).await.problem(429, "too_many_failures");
    api.clock.advance(TimeDelta::seconds(7));
    ask(admin).await.json(200);
    sign_in(admin).await.json(200);
}

#[on_sqlite]
async fn a_server_without_keys_counts_no_failures(api: Api) {
    for _ in 0..20 {
        call(api.request(Method::GET, JOBS).bearer_auth(WRONG))
            .await
            .json(200);
    }
}

#[on_sqlite]
async fn a_key_has_64_calls_that_wait_at_once(api: Api) {
    let guarded = Guarded::on(api.clone()).await;
    let worker = guarded.key_of("worker").await;
    let claim = |seconds: u32| {
        let body = json!({"worker_id": "w", "job_types": ["none"], "wait_seconds": seconds});
        guarded.with(&worker, Method::POST, "/api/v1/claims", Some(body))
    };
    let mut calls: FuturesUnordered<_> = (0..65).map(|_| claim(60)).collect();
    let refused = calls.next().await.unwrap();
    refused.problem(429, "too_many_waits");
    assert!(refused.header("retry-after").is_some());
    claim(0).await.json(200);
    api.served().end_waits();
    while let Some(answer) = calls.next().await {
        answer.json(200);
    }
}
