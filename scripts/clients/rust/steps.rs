//! The round trip of scripts/check-clients, through a Rust client that a generator made.

use serde_json::{Value, json};

/// What a call came to. A client that does not tell the status of a success gives 200.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub data: Value,
}

/// The calls of the round trip, made with the typed functions of the client.
#[allow(async_fn_in_trait)]
pub trait Client {
    async fn create_job(&self, body: Value, key: Option<&str>) -> Answer;
    async fn create_jobs(&self, body: Value) -> Answer;
    async fn get_job(&self, id: &str, seen: Option<&str>) -> Answer;
    async fn claim_jobs(&self, body: Value) -> Answer;
    async fn heartbeat(&self, id: &str, body: Value) -> Answer;
    async fn report_items(&self, id: &str, body: Value) -> Answer;
    async fn list_items(&self, id: &str) -> Answer;
    async fn mark_completed(&self, id: &str, body: Value) -> Answer;
    async fn update_job(&self, id: &str, body: Value, matching: Option<&str>) -> Answer;
    async fn list_jobs(&self, cursor: Option<&str>) -> Answer;
    async fn count_jobs(&self) -> Answer;
    async fn get_stats(&self) -> Answer;
    async fn list_events(&self, id: &str) -> Answer;
    async fn stream_job_events(&self, id: &str) -> Answer;
    async fn start_import(&self, dump: &'static [u8]) -> Answer;
    async fn get_import(&self, id: &str) -> Answer;
    async fn start_action(&self, body: Value) -> Answer;
    async fn create_series(&self, body: Value) -> Answer;
    async fn delete_series(&self, id: &str) -> Answer;
}

struct Steps(u32);

impl Steps {
    fn check(&mut self, step: &str, holds: bool, got: &Answer) {
        assert!(holds, "{step}: {got:?}");
        self.0 += 1;
    }

    fn done(&mut self, step: &str, got: &Answer, holds: bool) {
        self.check(step, got.status < 300 && holds, got);
    }
}

pub async fn round_trip(client: impl Client) {
    let mut steps = Steps(0);
    let kind = format!("check-{}", std::process::id());
    let items = json!([{"key": "a", "input": {"shot": 1}}, {"key": "b"}, {"key": "c"}]);
    let body = json!({"job_type": kind, "project_title": "Night train", "items": items});

    let key = format!("{kind}-key");
    let made = client.create_job(body.clone(), Some(&key)).await;
    let id = made.data["job_id"].as_str().unwrap_or_default().to_owned();
    steps.done("create", &made, made.data["status"] == "queued");
    let again = client.create_job(body, Some(&key)).await;
    steps.done("the same key", &again, again.data["job_id"] == id);
    let more = client
        .create_jobs(json!({"jobs": [{"job_type": kind}, {"job_type": kind}]}))
        .await;
    let outcomes = more.data["outcomes"].as_array().map(Vec::len);
    steps.done("create many", &more, outcomes == Some(2));

    let read = client.get_job(&id, None).await;
    steps.done("read", &read, read.data["project_title"] == "Night train");
    let tag = format!("\"{}\"", read.data["version"]);
    let unchanged = client.get_job(&id, Some(&tag)).await;
    steps.check("304", unchanged.status == 304, &unchanged);

    let claim = json!({"worker_id": "w", "job_types": [kind], "max_jobs": 1});
    let claimed = client.claim_jobs(claim).await;
    let first = &claimed.data["jobs"][0];
    steps.done("claim", &claimed, first["job"]["job_id"] == id);
    let token = first["lease"]["token"].clone();
    let beat = json!({"lease_token": token, "current_stage": "Rendering"});
    let beat = client.heartbeat(&id, beat).await;
    steps.done("heartbeat", &beat, beat.data["cancel_requested"] == false);
    for (step, name, value, count) in [
        ("item by key", "key", json!("a"), 1),
        ("item by idx", "idx", json!(1), 2),
    ] {
        let result = json!({"video_path": "/media/a.mp4"});
        let item = json!({name: value, "status": "completed", "result": result});
        let body = json!({"lease_token": token, "items": [item]});
        let reported = client.report_items(&id, body).await;
        steps.done(step, &reported, reported.data["completed_shots"] == count);
    }
    let listed = client.list_items(&id).await;
    steps.done("items", &listed, listed.data["items"][2]["status"] == "pending");
    let done = json!({"lease_token": token, "result": {"video_path": "/media/f.mp4"}});
    let ended = client.mark_completed(&id, done).await;
    steps.done("complete", &ended, ended.data["progress"] == 100.0);

    let stale = client.update_job(&id, json!({"style": "Noir"}), Some("\"1\"")).await;
    let is_refused = stale.status == 412 && stale.data["code"] == "version_mismatch";
    steps.check("412", is_refused, &stale);
    let patch = json!({"project_title": null, "style": "Noir"});
    let patched = client.update_job(&id, patch, None).await;
    let is_cleared = patched.data["project_title"].is_null() && patched.data["style"] == "Noir";
    steps.done("merge patch with null", &patched, is_cleared);
    let wrong = json!({"job_type": kind, "labels": {"a b": "red"}});
    let wrong = client.create_job(wrong, None).await;
    let is_named = wrong.data["errors"][0]["pointer"] == "/labels";
    steps.check("400 with pointer", wrong.status == 400 && is_named, &wrong);
    let missing = client.get_job("none", None).await;
    let leads = missing.data["type"] == "/problems/job_not_found";
    steps.check("404", missing.status == 404 && leads, &missing);

    let (mut seen, mut page) = (0, client.list_jobs(None).await);
    while let Some(next) = page.data["next_cursor"].as_str().map(str::to_owned) {
        seen += page.data["jobs"].as_array().map_or(0, Vec::len);
        page = client.list_jobs(Some(&next)).await;
    }
    seen += page.data["jobs"].as_array().map_or(0, Vec::len);
    steps.done("cursor walk", &page, page.data["pagination"]["total"] == seen);
    let counts = client.count_jobs().await;
    steps.done("counts", &counts, counts.data["total"] == seen);
    let stats = client.get_stats().await;
    let buckets = stats.data["buckets"].as_array().map(Vec::len);
    steps.done("stats", &stats, buckets == Some(60));
    let events = client.list_events(&id).await;
    steps.done("events", &events, events.data["events"][0]["kind"] == "created");
    let stream = client.stream_job_events(&id).await;
    steps.done("stream", &stream, stream.data.to_string().contains(&id));

    let started = client.start_import(b"[{\"job_id\": \"x\"}]").await;
    let import = started.data["import_id"].as_str().unwrap_or_default();
    steps.done("import as bytes", &started, !import.is_empty());
    let run = client.get_import(import).await;
    steps.done("read the import", &run, run.data["options"]["files"][0] == "upload");

    let filter = json!({"job_type": kind, "status": ["queued"]});
    let dry = json!({"action": "cancel", "filter": filter, "dry_run": true});
    let dry = client.start_action(dry).await;
    steps.done("action, dry run", &dry, dry.data["will_change"] == 2);
    let action = json!({"action": "cancel", "filter": filter});
    let action = client.start_action(action).await;
    steps.done("action", &action, action.data["matching"] == 2);
    let series = client.create_series(json!({"title": "Night trains"})).await;
    let name = series.data["series_id"].as_str().unwrap_or_default();
    steps.done("series", &series, !name.is_empty());
    let gone = client.delete_series(name).await;
    steps.done("204", &gone, gone.data.is_null());
    println!("{} steps", steps.0);
}
