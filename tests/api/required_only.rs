//! Every operation, called with nothing but what the document requires, and with each optional
//! parameter alone: no call may be refused for a parameter that is missing.

use super::face::{Api, call};
use callsheet::api::spec;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const LEAST_LEASE: u32 = 3600;

/// What the calls need to be there, by the name of the path parameter.
struct Things {
    job: String,
    token: String,
    series: String,
    episode: String,
    import: String,
    action: String,
    schedule: String,
    webhook: String,
    delivery: String,
}

async fn things(api: &Api, path: &str) -> Things {
    let items = json!([{"key": "0"}]);
    let job = api
        .made(json!({"job_type": "idea2video", "items": items}))
        .await;
    let claim =
        json!({"worker_id": "w", "job_types": ["idea2video"], "lease_seconds": LEAST_LEASE});
    let claimed = api.post("/api/v1/claims", claim).await.json(200);
    let episode = api.post("/api/v1/episodes", json!({})).await.json(201);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (mut import, mut action) = (Value::Null, Value::Null);
    if path.contains("{import_id}") {
        let dump = api.request(Method::POST, "/api/v1/imports").body("[]");
        let dump = dump.header("content-type", "application/octet-stream");
        import = call(dump).await.json(202);
    }
    if path.contains("{action_id}") {
        let act = json!({"action": "retry", "filter": {"status": ["failed"]}});
        action = api.post("/api/v1/jobs/actions", act).await.json(202);
    }
    let schedule = text(&job["job_id"]);
    if path.contains("{schedule_id}") {
        let new = json!({
            "schedule_id": schedule, "kind": "every", "expr": "1h",
            "template": {"job_type": "idea2video"},
        });
        api.post("/api/v1/schedules", new).await.json(201);
    }
    let (mut webhook, mut delivery) = (Value::Null, Value::Null);
    if path.contains("{webhook_id}") || path.contains("{delivery_id}") {
        let new = json!({"url": "https://hooks.studio.example/"});
        webhook = api.post("/api/v1/webhooks", new).await.json(201);
    }
    if path.contains("{delivery_id}") {
        let id = webhook["webhook_id"].as_str().unwrap();
        let test = format!("/api/v1/webhooks/{id}/test");
        delivery = api.post(&test, json!({})).await.json(200);
    }
    Things {
        job: text(&job["job_id"]),
        token: text(&claimed["jobs"][0]["lease"]["token"]),
        series: api.series("Night trains").await,
        episode: text(&episode["episode_id"]),
        import: text(&import["import_id"]),
        action: text(&action["action_id"]),
        schedule,
        webhook: text(&webhook["webhook_id"]),
        delivery: delivery["delivery_id"].to_string(),
    }
}

impl Things {
    fn path(&self, path: &str) -> String {
        [
            ("{job_id}", &*self.job),
            ("{series_id}", &*self.series),
            ("{episode_id}", &*self.episode),
            ("{import_id}", &*self.import),
            ("{action_id}", &*self.action),
            ("{schedule_id}", &*self.schedule),
            ("{webhook_id}", &*self.webhook),
            ("{delivery_id}", &*self.delivery),
            ("{job_type}", "idea2video"),
            ("{shot_idx}", "0"),
        ]
        .iter()
        .fold(path.to_owned(), |path, (name, value)| {
            path.replace(name, value)
        })
    }

    /// The body with the required fields alone; empty bodies where none is required.
    fn body(&self, id: &str) -> Option<Value> {
        let (job, token) = (&self.job, &self.token);
        Some(match id {
            "generate_idea2video" => json!({"idea": "A fox rides the night train"}),
            "generate_script2video" => json!({"script": "x".repeat(50)}),
            "legacy_pipeline_idea2video" => json!({"idea": ""}),
            "legacy_pipeline_script2video" => json!({"script": ""}),
            "legacy_generate_video" => json!({"mode": "idea", "content": "x".repeat(10)}),
            "create_job" => json!({"job_type": "a"}),
            "create_jobs" => json!({"jobs": [{"job_type": "a"}]}),
            "update_job" => json!({}),
            "mark_failed" => json!({"error": "broken"}),
            "claim_jobs" => json!({"worker_id": "w", "job_types": ["none"]}),
            "heartbeat" => json!({"lease_token": token}),
            "report_outcomes" => {
                json!({"outcomes": [{"job_id": job, "lease_token": token, "outcome": "failed"}]})
            }
            "update_progress" => json!({"progress": 1.0}),
            "update_shots" => json!({"total_shots": 1}),
            "update_shot" => json!({}),
            "report_items" => json!({"items": [{"key": "0", "status": "completed"}]}),
            "set_active_job" => json!({"client_id": "c", "job_id": job}),
            "start_action" => json!({"action": "cancel", "filter": {"job_type": "none"}}),
            "create_series" => json!({"title": "Night trains"}),
            "create_media_link" => json!({"path": "/media/a.mp4"}),
            "create_episode" | "update_series" | "update_episode" => json!({}),
            "create_schedule" => json!({
                "schedule_id": "s", "kind": "every", "expr": "1h", "template": {"job_type": "a"},
            }),
            "preview_schedule" => json!({"kind": "cron", "expr": "0 9 * * *"}),
            "update_schedule" | "update_webhook" => json!({}),
            "create_webhook" => json!({"url": "https://hooks.studio.example/"}),
            "replay_webhook" => json!({"position": 0}),
            "set_queue" => json!({"paused": false}),
            _ => return None,
        })
    }
}

/// Values of the optional parameters.
fn value(name: &str, operation: &str) -> &'static str {
    match name {
        "status" => "failed",
        "label" => "team=red",
        "created_after" | "created_before" | "ended_after" | "ended_before" | "since" => {
            "2026-01-31T12:00:00Z"
        }
        "order" => "created_at",
        "view" => "summary",
        "bucket" => "hour",
        "outcome" => "failed",
        "from" => "vedo-jobs",
        "source_tz" => "America/New_York",
        "interrupted" => "requeue",
        "on_conflict" => "merge",
        "dry_run" | "counts" => "true",
        "limit" | "count" | "next" | "failures" | "offset" | "after" | "wait" | "since_version" => {
            "1"
        }
        "cursor" if matches!(operation, "list_jobs" | "list_series" | "list_episodes") => "1_61",
        "cursor" if matches!(operation, "list_actions" | "list_imports" | "list_audit") => "1_61",
        "cursor" => "1",
        _ => "a",
    }
}

async fn try_all(api: &Api) -> BTreeMap<String, u16> {
    let mut statuses = BTreeMap::new();
    for (path, item) in spec::document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            // The first key would close the server; tests/api/keys.rs calls these.
            if id.starts_with("stream_") || matches!(id, "create_key" | "start_session") {
                continue;
            }
            let things = things(api, path).await;
            let optional = operation["parameters"].as_array().into_iter().flatten();
            let optional = optional
                .filter(|p| p["in"] == "query" && p["required"] != true)
                .map(|p| p["name"].as_str().unwrap());
            let needs_client = id.ends_with("_active_jobs");
            let fixed = if needs_client { "client_id=c&" } else { "" };
            let queries = std::iter::once(String::new())
                .chain(optional.map(|name| format!("{name}={}", value(name, id))));
            for query in queries {
                let address = format!("{}?{fixed}{query}", things.path(path));
                let mut request = api.request(method.to_uppercase().parse().unwrap(), &address);
                if id == "start_import" {
                    request = request
                        .header("content-type", "application/octet-stream")
                        .body("[]");
                } else if let Some(body) = things.body(id) {
                    request = request.json(&body);
                }
                let answer = call(request).await;
                let documented = operation["responses"].get(answer.status.to_string());
                assert!(documented.is_some(), "{id} {address}: {}", answer.text());
                let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                assert_ne!(answer.status, 400, "{id} {address}: {told}");
                statuses.insert(format!("{id} {query}"), answer.status);
            }
        }
    }
    statuses
}

#[on_both]
async fn every_operation_takes_a_call_with_nothing_but_what_is_required(api: Api) {
    let statuses = try_all(&api).await;
    assert!(statuses.len() > 100, "{}", statuses.len());
    let refused: Vec<_> = statuses
        .iter()
        .filter(|(_, status)| **status >= 400)
        .collect();
    // Refused for the state of the job, which one call of each cannot bring about.
    for (call, status) in refused {
        assert!(matches!(status, 404 | 409), "{call}: {status}");
    }
}
