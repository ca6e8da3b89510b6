//! Active jobs, statistics and actions over HTTP.

use super::face::{Api, least, of_job, places};
use crate::support::Patience;
use callsheet::background::{Bounds, Loops};
use serde_json::json;
use std::time::Duration;

const ACTIVE: &str = "/api/v1/active-jobs";

#[on_both]
async fn a_page_that_comes_back_finds_its_jobs(t: Api) {
    let idea = json!({"idea": "A fox learns to ride the night train home", "project_title": "Fox", "client_id": "page"});
    let id = t.post("/api/v1/generate/idea2video", idea).await.json(200)["job_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let told = t.get(&format!("{ACTIVE}?client_id=page")).await.json(200);
    let entry = &told["active_jobs"][0];
    assert_eq!(
        (&told["client_id"], &entry["title"], &entry["job"]["job_id"]),
        (&"page".into(), &"Fox".into(), &json!(id))
    );
    // A summary has no trace of what may be large.
    assert!(entry["job"].get("content").is_none() && entry["since"].is_string());
    let put = t
        .put(
            ACTIVE,
            json!({"client_id": "other", "job_id": id, "title": "Mine"}),
        )
        .await
        .json(200);
    assert_eq!(
        (&put["title"], &put["job"]["status"]),
        (&"Mine".into(), &"queued".into())
    );
    assert_eq!(
        t.delete(&format!("{ACTIVE}?client_id=other&job_id={id}"))
            .await
            .json(200)["removed"],
        1
    );
    t.post(&of_job(&id, "/cancel"), json!({})).await.json(200);
    assert_eq!(
        t.get(&format!("{ACTIVE}?client_id=page")).await.json(200)["active_jobs"],
        json!([])
    );
    t.put(ACTIVE, json!({"client_id": "page", "job_id": id}))
        .await
        .problem(409, "job_ended");
    t.put(ACTIVE, json!({"client_id": "page", "job_id": "nobody"}))
        .await
        .problem(404, "job_not_found");
    t.get(ACTIVE).await.problem(400, "invalid_request");
    t.get(&format!("{ACTIVE}?client_id="))
        .await
        .problem(400, "invalid_request");
    t.put(ACTIVE, json!({"client_id": "", "job_id": id}))
        .await
        .problem(400, "invalid_request");
}

#[on_both]
async fn statistics_have_their_shape_and_count_at_once(t: Api) {
    t.made(least()).await;
    for (bucket, seconds, buckets) in [
        ("minute", 60, 60),
        ("quarter_hour", 900, 96),
        ("hour", 3600, 168),
    ] {
        let stats = t
            .get(&format!("/api/v1/stats?bucket={bucket}"))
            .await
            .json(200);
        assert_eq!(
            (&stats["bucket"], &stats["bucket_seconds"]),
            (&bucket.into(), &seconds.into())
        );
        let told = stats["buckets"].as_array().unwrap();
        assert_eq!(
            (told.len(), &told[buckets - 1]["created"]),
            (buckets, &1.into())
        );
        assert_eq!(
            (&stats["jobs"]["queued"], &stats["by_type"][0]["queued"]),
            (&1.into(), &1.into())
        );
        assert!(stats["oldest_queued_at"].is_string() && told[0]["wait_p50"].is_null());
    }
    let other = t.get("/api/v1/stats?job_type=other").await.json(200);
    assert_eq!(
        (&other["jobs"]["total"], &other["by_type"]),
        (&0.into(), &json!([]))
    );
    t.get("/api/v1/stats?bucket=day")
        .await
        .problem(400, "invalid_request");
}

#[on_both]
async fn an_overview_takes_three_calls(t: Api) {
    let mut job = least();
    job["items"] = json!([{"key": "a"}, {"key": "b"}]);
    let ids = [
        t.made(job.clone()).await,
        t.made(job.clone()).await,
        t.made(job).await,
    ]
    .map(|job| job["job_id"].as_str().unwrap().to_owned());
    for id in &ids[..2] {
        t.post(&of_job(id, "/start"), json!({})).await.json(200);
    }
    t.post(
        &of_job(&ids[0], "/fail"),
        json!({"error": "Shot 7 failed\nat line 2", "retryable": false}),
    )
    .await
    .json(200);
    let frame = json!([{"key": "a", "status": "completed", "result": {"first_frame_path": "/media/a.png"}}]);
    t.patch(&of_job(&ids[1], "/items"), json!({"items": frame}))
        .await
        .json(200);

    let plain = t.get("/api/v1/stats").await.json(200);
    assert_eq!(
        (&plain["next"], &plain["causes"]),
        (&json!(null), &json!(null))
    );
    let stats = t.get("/api/v1/stats?next=5&failures=200").await.json(200);
    assert_eq!(
        (
            &stats["next"][0]["job_id"],
            stats["next"].as_array().unwrap().len()
        ),
        (&json!(ids[2]), 1)
    );
    let cause = &stats["causes"][0];
    assert_eq!(
        (&cause["error"], &cause["jobs"][0]["job_id"]),
        (&"Shot 7 failed".into(), &json!(ids[0]))
    );
    assert!(cause["jobs"][0]["failed_at"].is_string());
    for wrong in [
        "next=0",
        "next=51",
        "failures=0",
        "failures=201",
        "failures=all",
    ] {
        t.get(&format!("/api/v1/stats?{wrong}"))
            .await
            .problem(400, "invalid_request");
    }

    let listed = t
        .get("/api/v1/jobs?status=processing&view=preview")
        .await
        .json(200);
    assert_eq!(listed["jobs"][0]["newest_frame_path"], "/media/a.png");
    assert!(listed["jobs"][0].get("content").is_none());
    for view in ["summary", "full"] {
        let listed = t
            .get(&format!("/api/v1/jobs?status=processing&view={view}"))
            .await
            .json(200);
        assert!(
            listed["jobs"][0].get("newest_frame_path").is_none(),
            "{view}"
        );
    }
}

#[on_both]
async fn an_action_is_counted_first_and_then_run(t: Api) {
    for _ in 0..3 {
        t.made(least()).await;
    }
    let path = "/api/v1/jobs/actions";
    let mut body = json!({"action": "cancel", "filter": {"status": ["queued"]}, "dry_run": true});
    let preview = t.post(path, body.clone()).await.json(200);
    assert_eq!(
        (
            &preview["action_id"],
            &preview["matching"],
            &preview["will_change"]
        ),
        (&json!(null), &3.into(), &3.into())
    );
    assert_eq!(
        (&preview["by_status"]["queued"], &preview["filter_text"]),
        (&3.into(), &"status queued".into())
    );
    body["dry_run"] = false.into();
    let answer = t.post(path, body).await;
    let location = answer.header("location").unwrap().to_owned();
    let begun = answer.json(202);
    assert_eq!(
        (&begun["status"], &begun["matching"], &begun["done"]),
        (&"running".into(), &3.into(), &0.into())
    );
    let server = t.another().await;
    let running = Loops::start(&server, Bounds::default());
    let patience = Patience::begin();
    let ended = loop {
        let action = t.get(&location).await.json(200);
        if action["status"] != "running" {
            break action;
        }
        patience.pause("the action ends").await;
    };
    server.end_streams().await;
    running.end(Duration::from_secs(10)).await;
    assert_eq!(
        (&ended["status"], &ended["changed"], &ended["done"]),
        (&"completed".into(), &3.into(), &3.into())
    );
    let outcomes = t
        .get(&format!("{location}/outcomes?outcome=changed&limit=2"))
        .await
        .json(200);
    let next = outcomes["next_after"].as_i64().unwrap();
    let rest = t
        .get(&format!("{location}/outcomes?after={next}"))
        .await
        .json(200);
    assert_eq!(
        (
            rest["outcomes"].as_array().unwrap().len(),
            &rest["next_after"]
        ),
        (1, &json!(null))
    );
    assert_eq!(
        t.get("/api/v1/actions").await.json(200)["actions"][0]["action_id"],
        ended["action_id"]
    );
    assert_eq!(
        t.post(&format!("{location}/abort"), json!({}))
            .await
            .json(200)["status"],
        "completed"
    );
    server.database().clone().close().await.unwrap();
}

#[on_both]
async fn an_action_without_a_filter_or_on_everything_is_refused(t: Api) {
    let job = t.made(least()).await;
    let (id, path) = (job["job_id"].as_str().unwrap(), "/api/v1/jobs/actions");
    let post = |body| t.post(path, body);
    t.unchanged(
        id,
        post(json!({"action": "delete", "filter": {}})),
        400,
        "confirmation_required",
    )
    .await;
    let problem = t
        .unchanged(
            id,
            post(json!({"action": "delete", "confirm": true})),
            400,
            "invalid_request",
        )
        .await;
    assert_eq!(places(&problem), ["/filter required"]);
    for filter in [
        json!(null),
        json!([]),
        json!({"state": "queued"}),
        json!({"status": "queued"}),
        json!({"status": ["done"]}),
    ] {
        t.unchanged(
            id,
            post(json!({"action": "delete", "filter": filter, "confirm": true})),
            400,
            "invalid_request",
        )
        .await;
    }
    let problem = post(json!({"action": "set_priority", "filter": {"q": "x"}}))
        .await
        .problem(400, "invalid_request");
    assert_eq!(places(&problem), ["/priority required"]);
    t.get("/api/v1/actions/nobody")
        .await
        .problem(404, "action_not_found");
    t.post("/api/v1/actions/nobody/abort", json!({}))
        .await
        .problem(404, "action_not_found");
    t.get("/api/v1/actions/nobody/outcomes")
        .await
        .problem(404, "action_not_found");
}

#[on_both]
async fn an_action_is_begun_once_for_a_key(t: Api) {
    t.made(least()).await;
    let path = "/api/v1/jobs/actions";
    let body = json!({"action": "cancel", "filter": {"status": ["queued"]}});
    let post = async |body: &serde_json::Value| {
        let request = t
            .request(reqwest::Method::POST, path)
            .header("Idempotency-Key", "once")
            .json(body);
        super::answer::Answer::of(request).await
    };
    let dry = json!({"action": "cancel", "filter": {"status": ["queued"]}, "dry_run": true});
    let request = t
        .request(reqwest::Method::POST, path)
        .header("Idempotency-Key", "x".repeat(300))
        .json(&dry);
    super::answer::Answer::of(request)
        .await
        .problem(400, "invalid_request");
    let first = post(&body).await;
    let begun = first.json(202);
    t.made(least()).await;
    let again = post(&body).await;
    assert_eq!(
        (again.json(202), again.header("location")),
        (begun, first.header("location"))
    );
    let other = json!({"action": "delete", "filter": {"status": ["queued"]}});
    post(&other).await.problem(422, "idempotency_key_reused");
    assert_eq!(
        t.get("/api/v1/actions").await.json(200)["actions"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}
