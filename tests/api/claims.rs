//! The protocol of workers over HTTP.

use super::face::{Api, of_job, places};
use serde_json::{Value, json};

on_both!(a_worker_goes_through_a_job, tokens_are_given_to_holders_alone);
on_sqlite!(
    each_outcome_has_an_answer_of_its_own,
    many_jobs_are_one_call,
    queues_and_workers_are_shown_and_set,
    what_a_worker_may_not_say_is_told_with_its_place,
    failed_items_become_a_job,
);

const CLAIMS: &str = "/api/v1/claims";

fn ask() -> Value {
    json!({"worker_id": "w1", "job_types": ["idea2video"]})
}

async fn claimed(api: &Api) -> (String, String) {
    let answer = api.post(CLAIMS, ask()).await.json(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&answer["jobs"][0]["job"]["job_id"]), text(&answer["jobs"][0]["lease"]["token"]))
}

async fn a_worker_goes_through_a_job(api: Api) {
    let items = json!([{"key": "a", "input": {"visual_desc": "A platform"}}, {"key": "b"}]);
    let made = api.made(json!({"job_type": "idea2video", "items": items})).await;
    let answer = api.post(CLAIMS, ask()).await.json(200);
    let claimed = &answer["jobs"][0];
    assert_eq!(answer["jobs"].as_array().unwrap().len(), 1);
    assert_eq!((&claimed["job"]["job_id"], &claimed["job"]["attempt"]), (&made["job_id"], &json!(1)));
    assert_eq!(claimed["lease"]["expires_at"], claimed["job"]["lease_expires_at"]);
    assert_eq!(claimed["items"][0]["input"], json!({"visual_desc": "A platform"}));
    let (id, token) = (made["job_id"].as_str().unwrap(), &claimed["lease"]["token"]);
    let beat = json!({"lease_token": token, "current_stage": "Rendering", "items": [{"key": "a", "status": "completed"}]});
    let beat = api.post(&of_job(id, "/heartbeat"), beat).await.json(200);
    assert_eq!((&beat["cancel_requested"], &beat["version"]), (&json!(false), &json!(3)));
    let report = json!({"lease_token": token, "items": [{"key": "b", "status": "completed"}]});
    assert_eq!(api.patch(&of_job(id, "/items"), report).await.json(200)["progress"], 100.0);
    let done = json!({"lease_token": token, "result": {"video_path": "/media/a.mp4"}});
    let first = api.post(&of_job(id, "/complete"), done.clone()).await.json(200);
    assert_eq!(api.post(&of_job(id, "/complete"), done).await.json(200), first, "said again");
    assert_eq!(api.post(CLAIMS, ask()).await.json(200), json!({"jobs": []}));
}

async fn tokens_are_given_to_holders_alone(api: Api) {
    api.queued().await;
    let (id, token) = claimed(&api).await;
    for path in [of_job(&id, ""), of_job(&id, "/events"), "/api/v1/jobs".to_owned(), "/api/v1/workers".to_owned()] {
        assert!(!api.get(&path).await.text().contains(&token), "{path}");
    }
    let progress = |token: &str| json!({"progress": 5.0, "lease_token": token});
    api.unchanged(&id, api.put(&of_job(&id, "/progress"), progress("another")), 409, "lease_lost").await;
    api.unchanged(&id, api.put(&of_job(&id, "/progress"), json!({"progress": 5.0})), 409, "lease_lost").await;
    api.put(&of_job(&id, "/progress"), progress(&token)).await.json(200);
    api.put(&of_job(&id, "/shots"), json!({"total_shots": 4, "lease_token": token})).await.json(200);
    let released = api.post(&of_job(&id, "/release"), json!({"lease_token": token})).await;
    assert!(!released.text().contains(&token));
    assert_eq!(released.json(200)["attempt"], 0);
    let started = api.post(&of_job(&id, "/start"), json!({"worker_id": "me", "lease_seconds": 9.0})).await;
    let token = started.header("lease-token").unwrap().to_owned();
    assert!(!started.text().contains(&token));
    api.unchanged(&id, api.post(&of_job(&id, "/complete"), json!({})), 409, "lease_lost").await;
    api.post(&of_job(&id, "/fail"), json!({"lease_token": token, "error": "busy"})).await.json(200);
    let plain = api.post(&of_job(&api.queued().await.id, "/start"), json!({})).await;
    assert_eq!((plain.status, plain.header("lease-token")), (200, None));
}

async fn each_outcome_has_an_answer_of_its_own(api: Api) {
    api.queued().await;
    let (id, token) = claimed(&api).await;
    let outcomes = json!({"outcomes": [
        {"job_id": "nobody", "outcome": "released"},
        {"job_id": id, "lease_token": token, "outcome": "failed", "error": "busy", "retry_after_seconds": 90.0},
        {"job_id": id, "lease_token": "x", "outcome": "completed"},
    ]});
    let answer = api.post("/api/v1/outcomes", outcomes).await.json(200);
    let told = |i: usize| (answer["outcomes"][i]["status"].clone(), answer["outcomes"][i]["code"].clone());
    assert_eq!(told(0), (Value::Null, "job_not_found".into()));
    assert_eq!(told(1), ("queued".into(), Value::Null));
    assert_eq!(told(2), (Value::Null, "lease_lost".into()));
    assert!(answer["outcomes"][2]["detail"].as_str().unwrap().ends_with('.'));
}

async fn many_jobs_are_one_call(api: Api) {
    let body = json!({"jobs": [{"job_type": "idea2video", "job_id": "a"}, {"job_type": "idea2video", "job_id": "a"}]});
    let send = || {
        let request = api.request(reqwest::Method::POST, "/api/v1/jobs/bulk").header("idempotency-key", "k");
        super::face::call(request.json(&body))
    };
    let answer = send().await.json(200);
    assert_eq!(answer["outcomes"][0], json!({"job_id": "a", "status": "queued", "code": null, "detail": null}));
    assert_eq!((&answer["outcomes"][1]["job_id"], &answer["outcomes"][1]["code"]), (&json!("a"), &json!("job_exists")));
    assert_eq!(send().await.json(200)["outcomes"][0], answer["outcomes"][0]);
    let wrong = json!({"jobs": [{"job_type": "idea2video"}, {"job_type": "Bad", "priority": 1000}]});
    let problem = api.post("/api/v1/jobs/bulk", wrong).await.problem(400, "invalid_request");
    let mut told = places(&problem);
    told.sort();
    assert_eq!(told, ["/jobs/1/job_type invalid_format", "/jobs/1/priority out_of_range"]);
}

async fn queues_and_workers_are_shown_and_set(api: Api) {
    api.queued().await;
    let queue = api.put("/api/v1/queues/idea2video", json!({"paused": true, "max_running": 2})).await.json(200);
    let expected = json!({"job_type": "idea2video", "paused": true, "max_running": 2, "queued": 1, "processing": 0});
    assert_eq!(queue, expected);
    assert_eq!(api.get("/api/v1/queues").await.json(200), json!({"queues": [expected]}));
    assert_eq!(api.post(CLAIMS, ask()).await.json(200), json!({"jobs": []}));
    let queue = api.put("/api/v1/queues/idea2video", json!({"paused": false, "max_running": null})).await.json(200);
    assert_eq!((&queue["paused"], &queue["max_running"]), (&json!(false), &Value::Null));
    let (id, _) = claimed(&api).await;
    let workers = api.get("/api/v1/workers").await.json(200);
    let worker = &workers["workers"][0];
    assert_eq!((&worker["worker_id"], &worker["status"], &worker["claimed"]), (&json!("w1"), &json!("busy"), &json!(1)));
    assert_eq!(worker["jobs"][0]["job_id"], id);
    api.put("/api/v1/queues/No%20Such", json!({"paused": true})).await.problem(400, "invalid_request");
    api.put("/api/v1/queues/idea2video", json!({})).await.problem(400, "invalid_request");
    api.put("/api/v1/queues/idea2video", json!({"max_running": 0})).await.problem(400, "invalid_request");
}

async fn what_a_worker_may_not_say_is_told_with_its_place(api: Api) {
    let wrong = json!({
        "worker_id": "w".repeat(10_000), "job_types": [], "max_jobs": 1_000_000, "lease_seconds": 31_536_000,
        "wait_seconds": -1, "hosts": "x",
    });
    let problem = api.post(CLAIMS, wrong).await.problem(400, "invalid_request");
    let mut told = places(&problem);
    told.sort();
    let expected = [
        "/hosts unknown_field",
        "/job_types too_few",
        "/lease_seconds out_of_range",
        "/max_jobs out_of_range",
        "/wait_seconds out_of_range",
        "/worker_id too_long",
    ];
    assert_eq!(told, expected);
    for (lease, most) in [(0, 1), (60, 0)] {
        let body = json!({"worker_id": "w", "job_types": ["a"], "lease_seconds": lease, "max_jobs": most});
        api.post(CLAIMS, body).await.problem(400, "invalid_request");
    }
    let id = api.queued().await.id;
    api.unchanged(&id, api.post(&of_job(&id, "/heartbeat"), json!({})), 400, "invalid_request").await;
    api.unchanged(&id, api.post(&of_job(&id, "/heartbeat"), json!({"lease_token": "x"})), 409, "lease_lost").await;
    let long = json!({"lease_token": "x", "log": ["l".repeat(2001)]});
    api.unchanged(&id, api.post(&of_job(&id, "/heartbeat"), long), 400, "invalid_request").await;
    let unknown = api.post("/api/v1/jobs/nobody/heartbeat", json!({"lease_token": "x"}));
    unknown.await.problem(404, "job_not_found");
    api.put(&of_job(&id, "/progress"), json!({"lease_token": "x"})).await.problem(400, "invalid_request");
    let two = vec![json!({"job_id": "a", "outcome": "done"})];
    api.post("/api/v1/outcomes", json!({"outcomes": two})).await.problem(400, "invalid_request");
}

async fn failed_items_become_a_job(api: Api) {
    let made = api.made(json!({"job_type": "idea2video", "items": [{"key": "a"}, {"key": "b"}]})).await;
    let id = made["job_id"].as_str().unwrap();
    api.post(&of_job(id, "/start"), json!({})).await.json(200);
    let report = json!({"items": [{"key": "a", "status": "failed", "error": "blurred"}]});
    api.patch(&of_job(id, "/items"), report).await.json(200);
    api.post(&of_job(id, "/retry-failed-items"), json!({})).await.problem(409, "job_not_ended");
    api.post(&of_job(id, "/complete"), json!({})).await.json(200);
    let answer = api.post(&of_job(id, "/retry-failed-items"), json!({})).await;
    let job = answer.json(201);
    assert_eq!(answer.header("location").unwrap(), of_job(job["job_id"].as_str().unwrap(), ""));
    assert_eq!((&job["total_shots"], &job["context"]["retry_of"]), (&json!(1), &json!(id)));
    api.post(&of_job(id, "/recover"), json!({})).await.problem(409, "job_transition_illegal");
}
