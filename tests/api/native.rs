//! The native calls, from create to delete.

use super::face::{Api, call, least, of_job, places};
use reqwest::Method;
use serde_json::{Value, json};

#[on_both]
async fn a_job_is_what_its_creator_said(api: Api) {
    let series = api.series("Night trains").await;
    let said = json!({
        "job_type": "a", "job_id": "mine", "mode": "script", "content": "c", "user_requirement": "u", "style": "s",
        "project_title": "p", "request_data": {"a": [1, 2.5, null]}, "context": {"b": {}}, "working_dir": "/w",
        "series_id": series, "priority": -100, "run_at": "2026-02-01T12:00:00.123456Z", "max_attempts": 100,
        "labels": {"team": "red"},
    });
    let job = api.made(said.clone()).await;
    for (name, value) in said.as_object().unwrap() {
        assert_eq!(&job[name], value, "{name}");
    }
    let least = api.made(least()).await;
    assert_eq!(
        (
            &least["priority"],
            &least["max_attempts"],
            &least["attempt"]
        ),
        (&0.into(), &3.into(), &0.into())
    );
    assert_eq!(
        (&least["labels"], &least["version"]),
        (&json!({}), &1.into())
    );
}

#[on_both]
async fn a_life_from_queue_to_result(api: Api) {
    let id = api
        .made(json!({"job_type": "a", "items": [{"key": "0"}, {"key": "1"}]}))
        .await["job_id"]
        .clone();
    let path = |rest: &str| of_job(id.as_str().unwrap(), rest);
    let started = api
        .post(&path("/start"), json!({"worker_id": "render-1"}))
        .await
        .json(200);
    assert_eq!(
        (&started["attempt"], &started["worker_id"]),
        (&1.into(), &"render-1".into())
    );
    let stage = json!({"current_stage": "Rendering shots"});
    assert_eq!(
        api.put(&path("/progress"), stage).await.json(200)["current_stage"],
        "Rendering shots"
    );
    let report = json!({"items": [{"key": "0", "status": "completed", "result": {"video_path": "/media/0.mp4"}}]});
    let half = api.patch(&path("/items"), report).await.json(200);
    assert_eq!(
        (&half["progress"], &half["completed_shots"]),
        (&50.0.into(), &1.into())
    );
    assert_eq!(
        api.get(&path("/shots")).await.json(200)["shots"][0]["video_path"],
        "/media/0.mp4"
    );
    let report = json!({"items": [{"idx": 1, "status": "skipped"}]});
    api.patch(&path("/items"), report).await.json(200);
    let done = api
        .post(
            &path("/complete"),
            json!({"result": {"video_path": "/media/all.mp4"}}),
        )
        .await
        .json(200);
    assert_eq!(
        (&done["status"], &done["progress"]),
        (&"completed".into(), &100.0.into())
    );
    assert!(done["completed_at"].is_string() && done["started_at"].is_string());

    let events = api.get(&path("/events")).await.json(200);
    let events = events["events"].as_array().unwrap();
    let kinds: Vec<_> = events
        .iter()
        .map(|event| event["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "created",
            "started",
            "progressed",
            "items_reported",
            "items_reported",
            "completed"
        ]
    );
    let last = events.last().unwrap();
    for name in [
        "status",
        "progress",
        "current_stage",
        "total_shots",
        "completed_shots",
    ] {
        assert_eq!(last[name], done[name], "{name}");
    }
    assert_eq!(last["seq"], done["version"]);
}

#[on_both]
async fn a_failure_is_tried_again_while_attempts_remain(api: Api) {
    let id = api.made(json!({"job_type": "a", "max_attempts": 2})).await["job_id"]
        .as_str()
        .unwrap()
        .to_owned();
    for (attempt, status) in [(1, "queued"), (2, "failed")] {
        api.post(&of_job(&id, "/start"), json!({})).await.json(200);
        let body = json!({"error": "The node went away", "retry_after_seconds": 90});
        let job = api.post(&of_job(&id, "/fail"), body).await.json(200);
        assert_eq!(
            (&job["status"], &job["attempt"]),
            (&status.into(), &attempt.into())
        );
        assert_eq!(job["error"], "The node went away");
    }
    let job = api.post(&of_job(&id, "/retry"), json!({})).await.json(200);
    assert_eq!(
        (&job["status"], &job["error"], &job["max_attempts"]),
        (&"queued".into(), &Value::Null, &3.into())
    );
    api.post(&of_job(&id, "/start"), json!({})).await.json(200);
    let job = api
        .post(
            &of_job(&id, "/fail"),
            json!({"error": "Broken", "retryable": false}),
        )
        .await
        .json(200);
    assert_eq!(job["status"], "failed");
}

#[on_both]
async fn a_cancelled_job_can_be_retried(api: Api) {
    let id = api.queued().await.id;
    let job = api
        .post(&of_job(&id, "/cancel"), json!({"reason": "Not needed"}))
        .await
        .json(200);
    assert_eq!(job["status"], "cancelled");
    let events = api.get(&of_job(&id, "/events")).await.json(200);
    assert!(
        events["events"][1]["data"]
            .to_string()
            .contains("Not needed"),
        "{events}"
    );
    assert_eq!(
        call(api.request(Method::POST, &of_job(&id, "/retry")))
            .await
            .json(200)["status"],
        "queued"
    );
}

#[on_both]
async fn a_merge_patch_clears_and_merges(api: Api) {
    let body = json!({"job_type": "a", "style": "s", "context": {"a": 1, "b": {"c": 2}}, "labels": {"x": "1", "y": "2"}});
    let id = api.made(body).await["job_id"].as_str().unwrap().to_owned();
    let patch = json!({"style": null, "context": {"b": {"c": null, "d": 3}}, "labels": {"x": null, "z": "3"}});
    let job = api.patch(&of_job(&id, ""), patch).await.json(200);
    assert_eq!(
        (&job["style"], &job["context"]),
        (&Value::Null, &json!({"a": 1, "b": {"d": 3}}))
    );
    assert_eq!(job["labels"], json!({"y": "2", "z": "3"}));
    let job = api
        .patch(&of_job(&id, ""), json!({"context": null, "labels": null}))
        .await
        .json(200);
    assert_eq!(
        (&job["context"], &job["labels"]),
        (&Value::Null, &json!({}))
    );
}

#[on_both]
async fn a_body_that_may_be_left_out_may_be_left_out(api: Api) {
    let id = api.queued().await.id;
    for rest in ["/start", "/complete"] {
        call(api.request(Method::POST, &of_job(&id, rest)))
            .await
            .json(200);
    }
    let id = api.queued().await.id;
    call(
        api.request(Method::POST, &of_job(&id, "/cancel"))
            .header("Content-Length", "0"),
    )
    .await
    .json(200);
    let id = api.started().await.id;
    let fail = call(api.request(Method::POST, &of_job(&id, "/fail")));
    api.unchanged(&id, fail, 415, "media_type_unsupported")
        .await;
}

#[on_both]
async fn whole_numbers_may_be_written_with_a_point(api: Api) {
    assert_eq!(
        api.made(json!({"job_type": "a", "priority": 9.0})).await["priority"],
        9
    );
    let id = api.started().await.id;
    let job = api
        .put(
            &of_job(&id, "/shots"),
            json!({"total_shots": 4.0, "completed_shots": 1.0}),
        )
        .await
        .json(200);
    assert_eq!(
        (&job["total_shots"], &job["progress"]),
        (&4.into(), &25.0.into())
    );
}

#[on_both]
async fn shots_are_counted_from_items(api: Api) {
    let job = api.with_items(&["0"]).await;
    let id = api.start(&job.id).await.id;
    let call = api.put(&of_job(&id, "/shots"), json!({"total_shots": 4}));
    api.unchanged(&id, call, 409, "shots_counted_from_items")
        .await;
}

#[on_both]
async fn a_job_that_its_creator_runs_is_made_reported_and_completed_without_a_lease(api: Api) {
    let new = json!({"job_type": "idea2video", "job_id": "own", "run": "creator"});
    let job = api.made(new).await;
    assert_eq!(
        (&job["status"], &job["holds"]),
        (&json!("queued"), &json!(1))
    );
    let claim = json!({"worker_id": "w", "job_types": ["idea2video"]});
    let claimed = api.post("/api/v1/claims", claim.clone()).await.json(200);
    assert_eq!(claimed["jobs"], json!([]));
    let patch = json!({"status": "processing", "progress": 50.0});
    let job = api.patch("/api/v1/jobs/own", patch).await.json(200);
    assert_eq!(
        (&job["status"], &job["progress"]),
        (&json!("processing"), &json!(50.0))
    );
    let done = json!({"result": {"video_path": "/media/test.mp4"}});
    let job = api.post("/api/v1/jobs/own/complete", done).await.json(200);
    assert_eq!(job["status"], "completed");
    let counts = json!({"total_shots": 10});
    let job = api.put("/api/v1/jobs/own/shots", counts).await.json(200);
    assert_eq!(
        (&job["total_shots"], &job["progress"]),
        (&json!(10), &json!(100.0))
    );
    let unknown = json!({"job_type": "a", "run": "nobody"});
    let problem = api.post("/api/v1/jobs", unknown).await;
    let problem = problem.problem(400, "invalid_request");
    assert_eq!(places(&problem), ["/run unknown_value"]);
    api.made(json!({"job_type": "idea2video", "job_id": "left", "run": "creator"}))
        .await;
    let released = api.post("/api/v1/jobs/left/release", json!({})).await;
    assert_eq!(released.json(200)["holds"], 0);
    let claimed = api.post("/api/v1/claims", claim).await.json(200);
    assert_eq!(claimed["jobs"][0]["job"]["job_id"], "left");
}
