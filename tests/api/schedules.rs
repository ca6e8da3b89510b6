//! Schedules over HTTP: created, shown, changed, run and refused.

use super::face::Api;
use chrono::TimeDelta;
use serde_json::{Value, json};

fn nightly() -> Value {
    json!({
        "schedule_id": "nightly", "kind": "cron", "expr": "30 2 * * *", "timezone": "europe/berlin",
        "template": {"job_type": "idea2video", "content": "A fox", "priority": 5.0},
    })
}

#[on_both]
async fn a_schedule_is_created_shown_changed_and_deleted(api: Api) {
    let made = api.post("/api/v1/schedules", nightly()).await;
    assert_eq!(made.header("location"), Some("/api/v1/schedules/nightly"));
    let made = made.json(201);
    let template = json!({"job_type": "idea2video", "content": "A fox", "priority": 5});
    assert_eq!(made["template"], template);
    assert_eq!(
        [
            &made["timezone"],
            &made["overlap"],
            &made["missed"],
            &made["words"]
        ],
        ["Europe/Berlin", "skip", "last", "At 02:30 (Europe/Berlin)"]
    );
    assert_eq!(made["next_at"], "2026-01-01T01:30:00.000000Z");
    let path = "/api/v1/schedules/nightly";
    assert_eq!(api.get(path).await.json(200), made);
    let list = api.get("/api/v1/schedules?limit=1").await.json(200);
    assert_eq!(
        (&list["schedules"][0], &list["has_more"]),
        (&made, &json!(false))
    );
    let times = api.get(&format!("{path}/next?count=2")).await.json(200);
    assert_eq!(
        times["next"],
        json!(["2026-01-01T01:30:00.000000Z", "2026-01-02T01:30:00.000000Z"])
    );
    let change = json!({"kind": "every", "expr": "90m", "ends_at": "2027-01-01T00:00:00Z"});
    let changed = api.patch(path, change).await.json(200);
    assert_eq!(changed["next_at"], "2026-01-01T01:30:00.000000Z");
    assert_eq!(
        (&changed["version"], &changed["ends_at"]),
        (&json!(2), &json!("2027-01-01T00:00:00.000000Z"))
    );
    let cleared = api.patch(path, json!({"ends_at": null})).await.json(200);
    assert_eq!(cleared["ends_at"], Value::Null);
    let paused = api
        .post(&format!("{path}/pause"), json!({}))
        .await
        .json(200);
    assert_eq!(
        (&paused["next_at"], paused["paused_at"].is_string()),
        (&Value::Null, true)
    );
    let resumed = api
        .post(&format!("{path}/resume"), json!({}))
        .await
        .json(200);
    assert_eq!(resumed["paused_at"], Value::Null);
    let job = api.post(&format!("{path}/run"), json!({})).await.json(201);
    assert_eq!(
        (&job["priority"], &job["labels"]["schedule"]),
        (&json!(5), &json!("nightly"))
    );
    api.clock.advance(TimeDelta::minutes(90));
    api.fire_schedules().await.unwrap();
    let row = api.get(path).await.json(200);
    assert_eq!(
        (&row["fired"], &row["skipped"]),
        (&json!(1), &json!(1)),
        "the run has not ended"
    );
    api.delete(path).await.empty(204);
    api.get(path).await.problem(404, "schedule_not_found");
}

#[on_both]
async fn a_preview_says_the_times_in_words_and_what_may_surprise(api: Api) {
    let preview = |body: Value| api.post("/api/v1/schedules/preview", body);
    let body = json!({"kind": "cron", "expr": "0 */7 * * *", "count": 4});
    let shown = preview(body).await.json(200);
    assert_eq!(shown["next"].as_array().unwrap().len(), 4);
    let note = shown["notes"][0].as_str().unwrap();
    assert!(
        note.contains("only 3 hours") && note.contains("every with 7h"),
        "{note}"
    );
    for (body, pointer, remedy) in [
        (
            json!({"kind": "cron", "expr": "0 0 30 2 *"}),
            "/expr",
            "February 30",
        ),
        (
            json!({"kind": "cron", "expr": "every day"}),
            "/expr",
            "use five fields",
        ),
        (
            json!({"kind": "every", "expr": "-1d"}),
            "/expr",
            "without a minus",
        ),
        (
            json!({"kind": "once", "expr": "tomorrow"}),
            "/expr",
            "write it as",
        ),
        (
            json!({"kind": "cron", "expr": "0 9 * * *", "timezone": "Berlin"}),
            "/timezone",
            "Europe/Berlin",
        ),
        (json!({"kind": "daily", "expr": "1"}), "/kind", ""),
        (json!({"expr": "1"}), "/kind", ""),
    ] {
        let problem = preview(body).await.problem(400, "invalid_request");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        assert!(
            problem["errors"][0]["detail"]
                .as_str()
                .unwrap()
                .contains(remedy),
            "{problem}"
        );
    }
}

#[on_both]
async fn a_template_is_checked_as_a_create_is(api: Api) {
    for (template, pointer) in [
        (json!({"job_type": "Idea!"}), "/template/job_type"),
        (
            json!({"job_type": "a", "colour": "red"}),
            "/template/colour",
        ),
        (
            json!({"job_type": "a", "priority": 101}),
            "/template/priority",
        ),
        (
            json!({"job_type": "a", "items": [{"key": ""}]}),
            "/template/items/0/key",
        ),
        (json!({"job_type": "a", "job_id": "x"}), "/template/job_id"),
        (
            json!({"job_type": "a", "content": "\u{0}"}),
            "/template/content",
        ),
    ] {
        let mut new = nightly();
        new["template"] = template;
        let problem = api.post("/api/v1/schedules", new).await;
        let problem = problem.problem(400, "invalid_request");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    api.post("/api/v1/schedules", nightly()).await.json(201);
    let again = api.post("/api/v1/schedules", nightly()).await;
    again.problem(409, "schedule_exists");
}
