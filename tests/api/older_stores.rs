//! Calls of services whose stores were imported: off unless they are named, and then answered as
//! the service answered them.

use super::{answer::Answer, face::Api};
use crate::import::dump::{import_all, sample};
use callsheet::{import::Options, legacy_routes::LegacyRoutes};
use serde_json::{Value, json};

/// Another server on the database, which answers the calls of every older service.
async fn with_all(api: &Api) -> Api {
    let names = ["topclip", "draft-maker", "web2img", "comic"].map(str::to_owned);
    api.again(|config| config.legacy_routes = LegacyRoutes::of_names(&names).unwrap())
        .await
}

/// The body of an answer of this status, whose times may be in any form.
fn body(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("deprecation"), Some("true"));
    serde_json::from_slice(&answer.body).unwrap()
}

const PATHS: [&str; 7] = [
    "/api/job-status/none",
    "/api/batch/status/none",
    "/api/batch/jobs",
    "/batch/screenshots/none",
    "/batch/screenshots/none/results",
    "/api/jobs",
    "/api/active-job",
];

#[on_both]
async fn a_server_answers_the_calls_of_the_services_that_it_is_configured_for(api: Api) {
    for path in PATHS {
        api.get(path).await.problem(404, "route_not_found");
    }
    let all = with_all(&api).await;
    for path in PATHS {
        let answer = all.get(path).await;
        assert_eq!(answer.header("deprecation"), Some("true"), "{path}");
        assert!(
            [200, 404].contains(&answer.status),
            "{path}: {}",
            answer.text()
        );
    }
    for path in ["/api/v1/videos/jobs", "/api/v1/direct-pipeline/jobs"] {
        api.get(path).await.json(200);
        all.get(path).await.problem(404, "route_not_found");
    }
    let metrics = all.get("/metrics").await.text();
    assert!(metrics.contains("callsheet_legacy_calls_total{route=\"legacy_comic_jobs\"} 1"));
    let refused = all.post("/api/jobs", json!({})).await;
    assert_eq!(refused.status, 405, "{}", refused.text());
}

#[on_both]
async fn batches_of_screenshots_are_shown_with_their_results(api: Api) {
    import_all(&api, &Options::new(vec![sample("web2img")])).await;
    let all = with_all(&api).await;
    let text = std::fs::read_to_string(sample("web2img/batch-1b15d93a.json")).unwrap();
    let record: Value = serde_json::from_str(&text).unwrap();
    let items = record["items"].as_object().unwrap();
    let of = |word: &str| items.values().filter(|item| item["status"] == word).count();
    let path = "/batch/screenshots/batch-1b15d93a";
    let status = body(&all.get(path).await, 200);
    assert_eq!(status["status"], record["status"]);
    assert_eq!(status["total"], json!(items.len()));
    assert_eq!(status["completed"], json!(of("success")));
    assert_eq!(status["failed"], json!(of("error")));
    assert!(status["created_at"].as_str().unwrap().ends_with("+00:00"));
    let results = body(&all.get(&format!("{path}/results")).await, 200);
    for (shown, item) in results["results"]
        .as_array()
        .unwrap()
        .iter()
        .zip(items.values())
    {
        assert_eq!(shown, item);
    }
    let text = json!("Batch job not found: none");
    let missing = body(&all.get("/batch/screenshots/none").await, 404);
    assert_eq!(missing["detail"], text);
    let id = api.started().await.id;
    let early = all.get(&format!("/batch/screenshots/{id}/results")).await;
    assert!(body(&early, 202)["detail"].is_string());
}

#[on_both]
async fn comics_are_listed_followed_and_cancelled(api: Api) {
    import_all(&api, &Options::new(vec![sample("comic")])).await;
    let all = with_all(&api).await;
    let list = body(&all.get("/api/jobs").await, 200);
    let jobs = list["jobs"].as_array().unwrap();
    assert_eq!(jobs.len(), 8);
    let created: Vec<f64> = jobs
        .iter()
        .map(|job| job["created_at"].as_f64().unwrap())
        .collect();
    assert!(created.windows(2).all(|pair| pair[0] >= pair[1]));
    let path = "/api/jobs/bb194cea-10cf-4cb2-9b48-ec4fb879f035";
    let job = body(&all.get(path).await, 200);
    // The database keeps microseconds.
    let late = job["created_at"].as_f64().unwrap() - 1_761_671_896.004_102_7;
    assert!(late.abs() < 1e-5, "{late}");
    assert_eq!(
        (&job["total_items"], &job["processed_items"]),
        (&json!(3), &json!(3))
    );
    assert_eq!(job["progress"], json!(1.0));
    let first = &job["results"][0];
    assert_eq!(
        (&first["item"], &first["success"]),
        (&json!("Tintin 01.cbz"), &json!(true))
    );
    assert_eq!(first["details"]["final"], "/comics/shelf 1/Tintin 01.cbz");
    let missing = body(&all.get("/api/jobs/none").await, 404);
    assert_eq!(missing["error"], "Job not found");
    let ended = all.post(&format!("{path}/cancel"), Value::Null).await;
    assert!(body(&ended, 400)["error"].is_string());
    let queued = "/api/jobs/0b25b94e-17fb-45ff-a3d6-c01f72f49ed3/cancel";
    let cancelled = all.post(queued, Value::Null).await;
    assert_eq!(body(&cancelled, 200), json!({"success": true}));
}

#[on_both]
async fn a_page_of_comics_remembers_the_job_that_it_shows(api: Api) {
    let all = with_all(&api).await;
    let idle = json!({"job_id": null, "job_title": null});
    assert_eq!(body(&all.get("/api/active-job").await, 200), idle);
    let id = api.queued().await.id;
    let active = json!({"job_id": id, "job_title": "Processing Files..."});
    let set = all.post("/api/active-job", active.clone()).await;
    assert_eq!(body(&set, 200), json!({"success": true}));
    assert_eq!(body(&all.get("/api/active-job").await, 200), active);
    body(&all.delete("/api/active-job").await, 200);
    assert_eq!(body(&all.get("/api/active-job").await, 200), idle);
    let missing = all.post("/api/active-job", json!({"job_id": "none"})).await;
    body(&missing, 404);
    let bad = all.post("/api/active-job", json!({"job_title": 5})).await;
    body(&bad, 404);
}

#[on_both]
async fn batches_of_drafts_are_shown_listed_and_recovered(api: Api) {
    let dump = sample("draftmaker/client_dump.json");
    import_all(&api, &Options::new(vec![dump])).await;
    let all = with_all(&api).await;
    let path = "/api/batch/status/batch_20250826_090431_77145";
    let done = body(&all.get(path).await, 200);
    assert_eq!(done["status"], "completed");
    assert_eq!(done["gcs_path"], "gs://upc-lists/march.txt");
    assert_eq!(
        (&done["total_upcs"], &done["successful"]),
        (&json!(3), &json!(3))
    );
    assert_eq!(done["failed"], 0);
    assert_eq!(done["started_at"], "2025-08-26T09:04:31.077208+00:00");
    assert_eq!(done["completed_at"], "2025-08-26T09:04:51.702102+00:00");
    assert_eq!(done["results"]["success_rate"], 100.0);
    let list = body(
        &all.get("/api/batch/jobs?status=completed&limit=2").await,
        200,
    );
    let jobs = list["jobs"].as_array().unwrap();
    assert_eq!(list["total"], json!(jobs.len()));
    assert!(!jobs.is_empty() && jobs.len() <= 2);
    assert!(
        jobs.iter()
            .all(|job| job["status"] == "completed" && job.get("results").is_none())
    );
    let nothing = body(&all.get("/api/batch/jobs?status=nonsense").await, 200);
    assert_eq!(nothing["jobs"], json!([]));
    let recover = "/api/batch/recover/batch_20250826_090431_77145";
    body(&all.post(recover, Value::Null).await, 400);
    let failed = api.job_in(entity::JobStatus::Failed).await.id;
    let recovered = all
        .post(&format!("/api/batch/recover/{failed}"), Value::Null)
        .await;
    assert_eq!(body(&recovered, 200)["status"], "pending");
    body(&all.post("/api/batch/recover/none", Value::Null).await, 404);
}

#[on_both]
async fn a_job_of_clips_is_followed_to_its_error_or_its_clips(api: Api) {
    let all = with_all(&api).await;
    let failed = api.job_in(entity::JobStatus::Failed).await.id;
    let shown = body(&all.get(&format!("/api/job-status/{failed}")).await, 200);
    assert_eq!(
        (&shown["status"], &shown["clips"]),
        (&json!("error"), &json!([]))
    );
    assert_eq!(shown["message"], "Error: broken");
    assert_eq!(
        (&shown["plan"], &shown["api_version"]),
        (&json!("free"), &json!("3.0.0"))
    );
    let created = shown["created_at"].as_str().unwrap();
    assert_eq!(created.as_bytes()[10], b' ', "{created}");
    let new = json!({"job_type": "topclip", "job_id": "clips", "run": "creator"});
    api.made(new).await;
    let clip = json!({"filename": "a.mp4", "download_url": "/clips/a.mp4"});
    let report = json!({"items": [{"key": "a.mp4", "status": "completed", "result": clip}]});
    api.patch("/api/v1/jobs/clips/items", report)
        .await
        .json(200);
    let running = body(&all.get("/api/job-status/clips").await, 200);
    assert_eq!(running["clips"], json!([]));
    api.post("/api/v1/jobs/clips/complete", json!({}))
        .await
        .json(200);
    let done = body(&all.get("/api/job-status/clips").await, 200);
    assert_eq!(
        (&done["clips"], &done["clips_count"]),
        (&json!([clip]), &json!(1))
    );
    let missing = body(&all.get("/api/job-status/none").await, 404);
    assert_eq!(missing["detail"]["job_id"], "none");
}
