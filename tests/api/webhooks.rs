//! Webhooks over HTTP: created, shown without secrets, changed, replayed and refused.

use super::face::{Api, places};
use crate::webhooks::{allow_loopback, deliver, receiver::Receiver, webhook_to};
use serde_json::{Value, json};
use std::time::Duration;

const URL: &str = "https://hooks.studio.example/callsheet";

#[on_both]
async fn a_webhook_is_created_shown_changed_and_deleted(api: Api) {
    let new = json!({"url": URL, "labels": {"team": "red"}, "job_types": ["idea2video"]});
    let made = api.post("/api/v1/webhooks", new).await;
    let location = made.header("location").unwrap().to_owned();
    let made = made.json(201);
    let path = format!("/api/v1/webhooks/{}", made["webhook_id"].as_str().unwrap());
    assert_eq!(location, path);
    assert_eq!(
        (&made["kinds"], &made["state"]),
        (
            &json!(["job.completed", "job.failed", "job.cancelled"]),
            &json!("active")
        )
    );
    let secret = made["secret"].as_str().unwrap();
    assert!(
        secret.starts_with("whsec_") && secret.len() == 50,
        "{secret}"
    );
    let shown = api.get(&path).await.json(200);
    assert_eq!(shown["secret"], Value::Null);
    let list = api.get("/api/v1/webhooks?limit=1").await.json(200);
    assert_eq!(
        (&list["webhooks"][0], &list["has_more"]),
        (&shown, &json!(false))
    );
    let patch = json!({"kinds": ["job.progressed"], "labels": {}});
    let changed = api.patch(&path, patch).await.json(200);
    assert_eq!(
        [
            &changed["kinds"],
            &changed["labels"],
            &changed["job_types"],
            &changed["version"]
        ],
        [
            &json!(["job.progressed"]),
            &json!({}),
            &json!(["idea2video"]),
            &json!(2)
        ]
    );
    let act = |verb: &str| format!("{path}/{verb}");
    let paused = api.post(&act("pause"), json!({})).await.json(200);
    assert_eq!(paused["state"], "paused");
    let resumed = api.post(&act("resume"), json!({})).await.json(200);
    assert_eq!(resumed["state"], "active");
    let rotated = api.post(&act("rotate-secret"), json!({})).await.json(200);
    assert_ne!(rotated["secret"], made["secret"]);
    assert_eq!(
        rotated["previous_secret_until"],
        "2026-01-02T00:00:00.000000Z"
    );
    api.delete(&path).await.empty(204);
    api.get(&path).await.problem(404, "webhook_not_found");
}

#[on_both]
async fn what_is_sent_is_listed_and_sent_again(api: Api) {
    let receiver = Receiver::start().await;
    let webhook = webhook_to(&api, &receiver, &["job.created"]).await;
    let path = format!("/api/v1/webhooks/{}", webhook.id);
    for id in ["a", "b", "c"] {
        api.made(json!({"job_type": "idea2video", "job_id": id}))
            .await;
    }
    deliver(&api).await;
    let deliveries = format!("{path}/deliveries?limit=2");
    let page = api.get(&deliveries).await.json(200);
    let jobs = |page: &Value| -> Vec<String> {
        let rows = page["deliveries"].as_array().unwrap();
        rows.iter()
            .map(|row| row["job_id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(jobs(&page), ["c", "b"]);
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = api.get(&format!("{deliveries}&cursor={cursor}")).await;
    assert_eq!(jobs(&rest.json(200)), ["a"]);
    let one = &page["deliveries"][0];
    assert_eq!(
        (&one["state"], &one["status_code"], &one["attempt"]),
        (&json!("delivered"), &json!(204), &json!(1))
    );
    let retry = format!("/api/v1/deliveries/{}/retry", one["delivery_id"]);
    let again = api.post(&retry, json!({})).await.json(200);
    assert_eq!(
        (&again["state"], &again["attempt"]),
        (&json!("pending"), &json!(0))
    );
    deliver(&api).await;
    assert_eq!(receiver.received().len(), 4);
    let replay = format!("{path}/replay");
    api.post(&replay, json!({"since": "2026-01-01T00:00:00Z"}))
        .await
        .json(200);
    deliver(&api).await;
    assert_eq!(receiver.received().len(), 7);
    allow_loopback(api.served(), Duration::from_secs(60));
    let test = api.post(&format!("{path}/test"), json!({})).await.json(200);
    assert_eq!(
        (&test["kind"], &test["state"]),
        (&json!("webhook.test"), &json!("delivered"))
    );
}

#[on_both]
async fn bad_input_is_answered_with_the_remedy(api: Api) {
    let create = |body: Value| api.post("/api/v1/webhooks", body);
    for (body, pointer) in [
        (json!({"url": "https://10.0.0.1/"}), "/url"),
        (json!({"url": "http://hooks.studio.example/"}), "/url"),
        (json!({"url": URL, "kinds": ["job.done"]}), "/kinds/0"),
        (json!({"url": URL, "labels": {"": "x"}}), "/labels"),
    ] {
        let problem = create(body.clone()).await.problem(400, "invalid_request");
        let places = places(&problem);
        assert!(places[0].starts_with(pointer), "{body}: {places:?}");
    }
    let made = create(json!({"url": URL})).await.json(201);
    let path = format!(
        "/api/v1/webhooks/{}/replay",
        made["webhook_id"].as_str().unwrap()
    );
    for body in [
        json!({}),
        json!({"position": 1, "since": "2026-01-01T00:00:00Z"}),
        json!({"position": 99_999}),
        json!({"position": -1}),
    ] {
        api.post(&path, body).await.problem(400, "invalid_request");
    }
    let none = api.post("/api/v1/deliveries/1/retry", json!({})).await;
    none.problem(404, "delivery_not_found");
}

#[on_both]
async fn a_job_names_a_url_which_is_shown_without_its_query(api: Api) {
    allow_loopback(&api, Duration::from_secs(60));
    allow_loopback(api.served(), Duration::from_secs(60));
    let receiver = Receiver::start().await;
    let url = format!("{}?token=hidden", receiver.url);
    let new = json!({"job_type": "idea2video", "webhook": {"url": url, "kinds": ["job.created"]}});
    let made = api.made(new).await;
    let shown = json!({"url": receiver.url, "kinds": ["job.created"]});
    assert_eq!(made["webhook"], shown);
    let id = made["job_id"].as_str().unwrap();
    let job = api.get(&format!("/api/v1/jobs/{id}")).await.json(200);
    assert_eq!(job["webhook"], shown);
    let list = api.get("/api/v1/jobs?view=summary").await.json(200);
    assert_eq!(list["jobs"][0]["webhook"], shown);
    let plain = api.made(json!({"job_type": "idea2video"})).await;
    assert_eq!(plain["webhook"], Value::Null);
    deliver(&api).await;
    let secret = api.get("/api/v1/webhook-secret").await.json(200);
    let message = receiver.received().remove(0);
    assert!(message.is_signed_by(secret["secret"].as_str().unwrap()));
    let of_job = format!("/api/v1/webhooks/jobs/deliveries?job_id={id}");
    let sent = api.get(&of_job).await.json(200);
    assert_eq!(
        sent["deliveries"][0]["url"], url,
        "an operator sees all of it"
    );
    let webhook = api.get("/api/v1/webhooks/jobs").await.json(200);
    assert_eq!(
        (&webhook["url"], &webhook["secret"]),
        (&Value::Null, &Value::Null)
    );
    let remove = api.delete("/api/v1/webhooks/jobs").await;
    remove.problem(409, "webhook_of_jobs");
}

#[on_both]
async fn the_url_of_a_job_is_refused_by_the_create_which_names_it(api: Api) {
    let of = |url: &str| json!({"job_type": "a", "webhook": {"url": url}});
    let refused = api.post("/api/v1/jobs", of("https://10.0.0.1/")).await;
    let problem = refused.problem(400, "invalid_request");
    assert!(places(&problem)[0].starts_with("/webhook/url"));
    let many = json!({"jobs": [of(URL), of("http://hooks.studio.example/")]});
    let refused = api.post("/api/v1/jobs/bulk", many).await;
    let problem = refused.problem(400, "invalid_request");
    assert!(places(&problem)[0].starts_with("/jobs/1/webhook/url"));
    let wrong = json!({"job_type": "a", "webhook": {"url": URL, "secret": "x"}});
    let refused = api.post("/api/v1/jobs", wrong).await;
    let problem = refused.problem(400, "invalid_request");
    assert!(places(&problem)[0].starts_with("/webhook/secret"));
}
