//! Undo of a job's last change, and of an action.

use super::face::{Api, call, least, of_job};
use reqwest::Method;
use serde_json::{Value, json};

fn later() -> Value {
    let mut new = least();
    new["run_at"] = json!("2099-01-01T00:00:00Z");
    new
}

#[on_both]
async fn the_last_change_of_a_job_is_undone_for_the_version_that_it_made(t: Api) {
    let before = t.made(later()).await;
    let id = before["job_id"].as_str().unwrap();
    let cancelled = t.post(&of_job(id, "/cancel"), json!({})).await.json(200);
    let undo = |version: i64| {
        let request = t.request(Method::POST, &of_job(id, "/undo"));
        call(request.header("if-match", format!("\"{version}\"")))
    };
    t.unchanged(id, undo(1), 412, "version_mismatch").await;
    let answer = undo(cancelled["version"].as_i64().unwrap()).await;
    assert_eq!(answer.header("etag"), Some("\"3\""));
    let job = answer.json(200);
    for field in ["status", "run_at", "completed_at", "error", "priority"] {
        assert_eq!(job[field], before[field], "{field}");
    }
    let again = t.post(&of_job(id, "/undo"), json!({}));
    t.unchanged(id, again, 409, "cannot_undo").await;
    let events = t.get(&of_job(id, "/events")).await.json(200);
    assert_eq!(events["events"][1]["data"], json!({"reason": null}));
    assert_eq!(
        events["events"][2]["data"],
        json!({"undone": "cancelled", "action_id": null})
    );
    t.post("/api/v1/jobs/none/undo", json!({}))
        .await
        .problem(404, "job_not_found");
}

#[on_both]
async fn an_action_is_undone_by_another_that_names_what_stays(t: Api) {
    for _ in 0..2 {
        t.made(later()).await;
    }
    let stays = t.made(later()).await;
    let stays = stays["job_id"].as_str().unwrap();
    let filter = json!({"action": "cancel", "filter": {"status": ["queued"]}, "confirm": true});
    let begun = t.post("/api/v1/jobs/actions", filter).await.json(202);
    let action = format!("/api/v1/actions/{}", begun["action_id"].as_str().unwrap());
    let undo = format!("{action}/undo");
    t.post(&undo, json!({}))
        .await
        .problem(409, "action_running");
    t.run_actions().await.unwrap();
    t.patch(&of_job(stays, ""), json!({"priority": 4}))
        .await
        .json(200);
    let answer = t.post(&undo, json!({})).await;
    let location = answer.header("location").unwrap().to_owned();
    let begun = answer.json(202);
    assert_eq!(
        json!([begun["action"], begun["undoes"], begun["matching"]]),
        json!(["undo", action.rsplit('/').next(), 3])
    );
    // A repeated call is answered with the same one.
    let same = t.post(&undo, json!({})).await.json(202);
    assert_eq!(same["action_id"], begun["action_id"]);
    t.run_actions().await.unwrap();
    let ended = t.get(&location).await.json(200);
    assert_eq!(
        json!([ended["status"], ended["changed"], ended["skipped"]]),
        json!(["completed", 2, 1])
    );
    let left = t
        .get(&format!("{location}/outcomes?outcome=skipped"))
        .await
        .json(200);
    assert_eq!(
        json!([left["outcomes"][0]["job_id"], left["outcomes"][0]["code"]]),
        json!([stays, "cannot_undo"])
    );
    t.post(&format!("{location}/undo"), json!({}))
        .await
        .problem(409, "cannot_undo");
    t.post("/api/v1/actions/none/undo", json!({}))
        .await
        .problem(404, "action_not_found");
    let by_filter = json!({"action": "undo", "filter": {"status": ["queued"]}});
    t.post("/api/v1/jobs/actions", by_filter)
        .await
        .problem(400, "invalid_request");
}
