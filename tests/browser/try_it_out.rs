//! "Try it out" of every operation on the page /docs, with only the required fields filled in.

use super::desk::Desk;
use crate::support::Patience;
use callsheet::api::spec;
use serde_json::{Value, json};

/// What a person fills in: the path's parameters by name, and the body if its example needs ids.
struct Filled {
    fields: Value,
    body: Option<Value>,
}

fn fields(fields: Value) -> Filled {
    Filled { fields, body: None }
}

/// A job in the state that the operation wants, under a new id.
async fn job_for(desk: &Desk, operation: &str) -> String {
    let id = format!("try-{operation}");
    let items = json!({"items": [{"key": "0"}]});
    match operation {
        "get_shot" | "update_shot" | "list_shots" | "list_items" => {
            desk.job(&id, items).await;
        }
        "update_progress" | "update_shots" | "mark_completed" | "mark_failed" | "release_job"
        | "report_items" => desk.running(&id).await,
        "retry_job" | "recover_job" | "stream_job_events" => {
            desk.running(&id).await;
            desk.fail(&id, "broken").await;
        }
        "undo_job" => {
            desk.job(&id, json!({})).await;
            desk.call("POST", &format!("/jobs/{id}/cancel"), json!({}))
                .await;
        }
        "retry_failed_items" => {
            desk.job(&id, items).await;
            desk.start(&id).await;
            let report = json!({"items": [{"key": "0", "status": "failed", "error": "broken"}]});
            desk.call("PATCH", &format!("/jobs/{id}/items"), report)
                .await;
            desk.fail(&id, "broken").await;
        }
        _ => {
            desk.job(&id, json!({})).await;
        }
    }
    id
}

/// A job under a lease, and its token.
async fn leased(desk: &Desk, operation: &str) -> (String, Value) {
    let id = format!("try-{operation}");
    desk.job(&id, json!({"priority": 100})).await;
    let token = desk.claim("gpu-1").await;
    (id, token)
}

async fn import(desk: &Desk) -> String {
    let request = desk
        .server
        .client
        .post(desk.at("/api/v1/imports"))
        .body("[]");
    let request = request.header("content-type", "application/octet-stream");
    let started: Value = request.send().await.unwrap().json().await.unwrap();
    started["import_id"].as_str().unwrap().to_owned()
}

/// An action that has ended: one that runs cannot be undone.
async fn ended_action(desk: &Desk) -> Value {
    let action = json!({"action": "cancel", "filter": {"job_type": "none"}});
    let begun = desk.call("POST", "/jobs/actions", action).await;
    let path = format!("/actions/{}", begun["action_id"].as_str().unwrap());
    let patience = Patience::begin();
    while desk.call("GET", &path, json!({})).await["status"] == "running" {
        patience.pause("the action ends").await;
    }
    begun["action_id"].clone()
}

async fn made(desk: &Desk, path: &str, body: Value, id: &str) -> Filled {
    let made = desk.call("POST", path, body).await;
    fields(json!({id: made[id]}))
}

async fn prepare(desk: &Desk, operation: &str, path: &str) -> Filled {
    match operation {
        "heartbeat" => {
            let (id, token) = leased(desk, operation).await;
            Filled {
                fields: json!({"job_id": id}),
                body: Some(json!({"lease_token": token})),
            }
        }
        "report_outcomes" => {
            let (id, token) = leased(desk, operation).await;
            let outcome = json!({"job_id": id, "lease_token": token, "outcome": "completed"});
            Filled {
                fields: json!({}),
                body: Some(json!({"outcomes": [outcome]})),
            }
        }
        "set_active_job" => Filled {
            fields: json!({}),
            body: Some(json!({"client_id": "c", "job_id": job_for(desk, operation).await})),
        },
        _ if path.contains("{job_id}") => {
            let id = job_for(desk, operation).await;
            fields(json!({"job_id": id}))
        }
        _ if path.contains("{series_id}") => {
            made(
                desk,
                "/series",
                json!({"title": "Night trains"}),
                "series_id",
            )
            .await
        }
        _ if path.contains("{schedule_id}") => {
            let id = format!("try-{}", operation.replace('_', "-"));
            let new = json!({
                "schedule_id": id, "kind": "cron", "expr": "0 9 * * *",
                "template": {"job_type": "idea2video"},
            });
            made(desk, "/schedules", new, "schedule_id").await
        }
        _ if path.contains("{webhook_id}") => {
            let body = json!({"url": "https://hooks.studio.example/", "kinds": ["job.started"]});
            made(desk, "/webhooks", body, "webhook_id").await
        }
        _ if path.contains("{delivery_id}") => {
            let body = json!({"url": "https://hooks.studio.example/", "kinds": ["job.started"]});
            let made = desk.call("POST", "/webhooks", body).await;
            let test = format!("/webhooks/{}/test", made["webhook_id"].as_str().unwrap());
            let sent = desk.call("POST", &test, json!({})).await;
            fields(json!({"delivery_id": sent["delivery_id"]}))
        }
        _ if path.contains("{episode_id}") => {
            made(desk, "/episodes", json!({"title": "Home"}), "episode_id").await
        }
        _ if path.contains("{action_id}") => fields(json!({"action_id": ended_action(desk).await})),
        _ if path.contains("{import_id}") => fields(json!({"import_id": import(desk).await})),
        _ => fields(json!({})),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn try_it_out_works_for_every_operation_with_only_the_required_fields() {
    let desk = Desk::open().await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    page.call("Page.navigate", json!({"url": desk.at("/docs")}))
        .await;
    page.until("document.querySelectorAll('.opblock').length >= 60")
        .await;
    page.eval("void (window.spec = spec)").await;
    page.run(include_str!("scripts/record-answers.js"), json!([]))
        .await;
    let (mut tried, mut failed) = (0, Vec::new());
    for (path, item) in spec::document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            // The first key would close the server; tests/api/keys.rs calls these.
            if path.starts_with("/api/v1/keys") && method != "get" || id == "start_session" {
                continue;
            }
            let Filled { fields, body } = prepare(&desk, id, path).await;
            let body = body.map(|body| body.to_string());
            let arguments = json!([path, method, fields, body]);
            let answer = page
                .run(include_str!("scripts/try-it-out.js"), arguments)
                .await;
            println!(
                "{:<24} {:<7} {path:<46} {}",
                id,
                method.to_uppercase(),
                answer[0]
            );
            // This server has no folder for backups, and says so.
            let wanted = if id == "back_up" {
                409..=409
            } else {
                200..=299
            };
            if !answer[0]
                .as_u64()
                .is_some_and(|status| wanted.contains(&status))
            {
                failed.push(format!("{id}: {answer}"));
            }
            tried += 1;
        }
    }
    browser.close().await;
    assert!(tried >= 60, "{tried}");
    assert_eq!(failed, Vec::<String>::new());
}
