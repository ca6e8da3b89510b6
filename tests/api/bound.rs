//! Every operation, called with a key that is bound to a label, about a job that lies outside, and
//! with the key of a creator, about a job of another. The rows of the tables say what comes of it.

use super::{
    answer::Answer,
    face::{Api, call},
    guarded::Guarded,
};
use callsheet::api::{Bound, contracts, operation_of, spec};
use reqwest::Method;
use serde_json::{Value, json};

const SECRET: &str = "secret-film";

/// What lies outside, made by an admin.
struct Outside {
    series: String,
    episode: String,
    action: String,
}

async fn outside(guarded: &Guarded) -> Outside {
    let post = async |path: &str, body: Value| {
        let answer = guarded.with(&guarded.admin, Method::POST, path, Some(body));
        let answer = answer.await;
        assert!(answer.status < 300, "{path}: {}", answer.text());
        serde_json::from_slice::<Value>(&answer.body).unwrap()
    };
    let series = post("/api/v1/series", json!({"title": "Night trains"})).await;
    let episode = json!({"series_id": series["series_id"], "title": "Home"});
    let episode = post("/api/v1/episodes", episode).await;
    let job = json!({
        "job_id": SECRET, "job_type": "idea2video", "labels": {"team": "blue"},
        "series_id": series["series_id"], "episode_id": episode["episode_id"],
        "items": [{"key": "0"}], "client_id": "c",
    });
    post("/api/v1/jobs", job).await;
    let action = json!({"action": "set_priority", "priority": 1, "filter": {"job_ids": [SECRET]}});
    let action = post("/api/v1/jobs/actions", action).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Outside {
        series: text(&series["series_id"]),
        episode: text(&episode["episode_id"]),
        action: text(&action["action_id"]),
    }
}

impl Outside {
    fn path(&self, path: &str, id: &str) -> String {
        let parts = [
            ("{job_id}", SECRET),
            ("{series_id}", &*self.series),
            ("{episode_id}", &*self.episode),
            ("{import_id}", "0"),
            ("{key_id}", "0"),
            ("{action_id}", &*self.action),
            ("{job_type}", "idea2video"),
            ("{shot_idx}", "0"),
            ("{schedule_id}", "nightly"),
        ];
        let mut filled = path.to_owned();
        for (name, value) in parts {
            filled = filled.replace(name, value);
        }
        let query = match id {
            "list_active_jobs" | "remove_active_jobs" => "?client_id=c",
            "list_series" | "get_series" | "list_episodes" => "?counts=true",
            _ => "",
        };
        filled + query
    }
}

fn body(id: &str) -> Option<Value> {
    let blue = json!({"team": "blue"});
    Some(match id {
        "generate_idea2video" => json!({"idea": "A fox rides the night train"}),
        "generate_script2video" => json!({"script": "x".repeat(50)}),
        "create_job" => json!({"job_type": "a", "labels": blue}),
        "create_jobs" => json!({"jobs": [{"job_type": "a", "labels": blue}]}),
        "update_job" => json!({"priority": 1}),
        "mark_failed" => json!({"error": "broken"}),
        "claim_jobs" => json!({"worker_id": "w", "job_types": ["idea2video"]}),
        "heartbeat" => json!({"lease_token": "t"}),
        "report_outcomes" => {
            json!({"outcomes": [{"job_id": SECRET, "lease_token": "t", "outcome": "failed"}]})
        }
        "update_progress" => json!({"progress": 1.0}),
        "update_shots" => json!({"total_shots": 1}),
        "update_shot" => json!({"visual_desc": "A platform"}),
        "report_items" => json!({"items": [{"key": "0", "status": "completed"}]}),
        "set_active_job" => json!({"client_id": "c", "job_id": SECRET}),
        "start_action" => {
            json!({"action": "cancel", "filter": {"job_ids": [SECRET]}, "dry_run": true})
        }
        "create_series" => json!({"title": "Night trains"}),
        "create_episode" | "update_series" | "update_episode" => json!({}),
        "set_queue" => json!({"paused": false}),
        "create_key" => json!({"name": "a", "role": "admin"}),
        "create_media_link" => json!({"path": "/media/a.mp4"}),
        "legacy_pipeline_idea2video" => json!({"idea": "A fox rides the night train"}),
        "legacy_pipeline_script2video" => json!({"script": "x".repeat(50)}),
        "legacy_generate_video" => json!({"mode": "script", "content": "x".repeat(50)}),
        _ => return None,
    })
}

/// Calls an operation about what lies outside.
async fn ask(
    api: &Api,
    key: &str,
    outside: &Outside,
    operation: &(String, String, String),
) -> Answer {
    let (path, method, id) = operation;
    let method: Method = method.parse().unwrap();
    let request = api
        .request(method, &outside.path(path, id))
        .bearer_auth(key);
    call(match body(id) {
        Some(body) => request.json(&body),
        None => request,
    })
    .await
}

/// Path, method and id of every operation that a key is needed for, without streams of all jobs and
/// sessions.
fn operations() -> Vec<(String, String, String)> {
    let left_out = ["stream_events", "start_session", "end_session"];
    spec::operation_ids()
        .into_iter()
        .filter(|(.., id)| !left_out.contains(&id.as_str()))
        .map(|(path, method, id)| (path, method.to_string(), id))
        .collect()
}

fn check(id: &str, bound: Bound, answer: &Answer, action: &str) {
    let (status, text) = (answer.status, answer.text());
    let shown = || format!("{id}: {status} {text}");
    match (bound, id) {
        (Bound::Job, _) => {
            assert!(
                status == 404 && text.contains("job_not_found"),
                "{}",
                shown()
            );
        }
        (Bound::Refused | Bound::Typed, _) => {
            assert!(status == 403 && text.contains("key_bound"), "{}", shown());
        }
        (Bound::Stamped, "create_job" | "create_jobs") => {
            assert!(
                status == 403 && text.contains("outside_binding"),
                "{}",
                shown()
            );
        }
        (Bound::Action, "list_actions") => {
            assert!(status == 200 && !text.contains(action), "{}", shown());
        }
        (Bound::Action, _) => {
            assert!(
                status == 404 && text.contains("action_not_found"),
                "{}",
                shown()
            );
        }
        (_, "report_outcomes") => assert!(text.contains("job_not_found"), "{}", shown()),
        (_, "start_action") => assert!(text.contains("\"matching\":0"), "{}", shown()),
        (_, "list_series" | "get_series" | "list_episodes" | "get_episode") => {
            assert!(
                status == 200 && !text.contains("\"queued\":1"),
                "{}",
                shown()
            );
        }
        (Bound::Stamped | Bound::Jobs | Bound::Free, _) => {
            assert!(status < 400 && !text.contains(SECRET), "{}", shown());
        }
    }
}

#[on_both]
async fn no_operation_tells_or_changes_anything_of_a_job_outside_the_binding(api: Api) {
    // One that keeps lists and jobs in memory, as a served one does.
    let api = api.keeping().await;
    let guarded = Guarded::on(api.clone()).await;
    let outside = outside(&guarded).await;
    let red = guarded
        .make(json!({"name": "red", "role": "admin", "labels": {"team": "red"}}))
        .await;
    assert_eq!(red["labels"], json!({"team": "red"}));
    let red = red["key"].as_str().unwrap();
    api.run_actions().await.unwrap();
    let secret = format!("/api/v1/jobs/{SECRET}");
    let before = guarded.get(&guarded.admin, &secret).await.json(200)["version"].clone();
    for operation in operations() {
        let id = operation.2.as_str();
        let bound = operation_of(id).unwrap().bound;
        if operation.1 == "GET" && !id.starts_with("stream_") {
            // What an admin has read is in memory.
            ask(&api, &guarded.admin, &outside, &operation).await;
        }
        for _ in 0..2 {
            let answer = ask(&api, red, &outside, &operation).await;
            check(id, bound, &answer, &outside.action);
        }
    }
    let after = guarded.get(&guarded.admin, &secret).await.json(200);
    assert_eq!(after["version"], before, "nothing changed it");
    let active = guarded.get(&guarded.admin, "/api/v1/active-jobs?client_id=c");
    assert!(active.await.text().contains(SECRET), "it stays on its list");
    let made = guarded.get(red, "/api/v1/jobs").await.json(200);
    for job in made["jobs"].as_array().unwrap() {
        assert_eq!(job["labels"], json!({"team": "red"}), "{job}");
    }
    for path in ["/metrics", "/media/a.mp4", "/api/job-status/a"] {
        guarded.get(red, path).await.problem(403, "key_bound");
    }
    let health = guarded.get(red, "/health").await.json(200);
    // The clock of the test is not that of PostgreSQL, which makes the status a degraded one.
    assert_eq!(health, json!({"status": health["status"]}));
}

#[on_both]
async fn a_bound_stream_sends_the_events_of_its_own_jobs_alone(api: Api) {
    let guarded = Guarded::on(api.clone()).await;
    let red = guarded
        .make(json!({"name": "red", "role": "operator", "labels": {"team": "red"}}))
        .await;
    let red = red["key"].as_str().unwrap();
    let new = |id: &str, team: &str| {
        Some(json!({"job_type": "a", "job_id": id, "labels": {"team": team}}))
    };
    let create = |body| guarded.with(&guarded.admin, Method::POST, "/api/v1/jobs", body);
    create(new("early-secret", "blue")).await.json(201);
    let request = api.request(Method::GET, "/api/v1/events/stream");
    let mut stream = request.bearer_auth(red).send().await.unwrap();
    let mut text = String::new();
    let mut until = async |word: &str| {
        while !text.contains(word) {
            let piece = stream.chunk().await.unwrap().expect("the stream goes on");
            text.push_str(&String::from_utf8_lossy(&piece));
        }
        text.clone()
    };
    let snapshot = until("snapshot").await;
    assert!(!snapshot.contains("\"total\":1"), "{snapshot}");
    create(new(SECRET, "blue")).await.json(201);
    let path = format!("/api/v1/jobs/{SECRET}");
    guarded
        .with(&guarded.admin, Method::DELETE, &path, None)
        .await
        .json(200);
    create(new("own-film", "red")).await.json(201);
    let all = until("own-film").await;
    assert!(!all.contains("secret"), "{all}");
}

#[on_both]
async fn a_creator_calls_the_operations_of_the_table_for_its_own_jobs_alone(api: Api) {
    let guarded = Guarded::on(api.clone()).await;
    let outside = outside(&guarded).await;
    let creator = guarded.key_of("creator").await;
    for operation in operations() {
        let id = operation.2.as_str();
        // It removes the entries of own jobs, and there are none.
        if !operation_of(id).unwrap().has_own_jobs_rule() || id == "remove_active_jobs" {
            continue;
        }
        let answer = ask(&api, &creator, &outside, &operation).await;
        let problem = answer.problem(403, "not_own_job");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("operator"), "{id}: {detail}");
    }
    let own = json!({"job_type": "idea2video", "job_id": "own"});
    let made = guarded.with(&creator, Method::POST, "/api/v1/jobs", Some(own));
    let made = made.await.json(201);
    assert!(made["created_by"].is_string());
    let cancel = guarded.with(&creator, Method::POST, "/api/v1/jobs/own/cancel", None);
    assert_eq!(cancel.await.json(200)["status"], "cancelled");
    let query = format!(
        "/api/v1/jobs?created_by={}",
        made["created_by"].as_str().unwrap()
    );
    let listed = guarded.get(&creator, &query).await.json(200);
    assert_eq!(listed["jobs"].as_array().unwrap().len(), 1);
    let events = guarded
        .get(&creator, "/api/v1/jobs/own/events")
        .await
        .json(200);
    assert_eq!(
        events["events"][0]["by"],
        json!({"key_id": made["created_by"], "name": "creator"})
    );
    let gone = guarded.with(&creator, Method::DELETE, "/api/v1/jobs/own", None);
    gone.await.json(200);
}

#[test]
fn the_table_of_bindings_is_as_it_was_reviewed() {
    let rows: Vec<_> = contracts()
        .map(|one| format!("{}: {}", one.id, format!("{:?}", one.bound).to_lowercase()))
        .collect();
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("bindings", rows.join("\n"));
    });
}
