//! Texts that no database here can hold.

use super::face::{Api, of_job, places};
use reqwest::Method;
use serde_json::json;

#[on_both]
async fn a_nul_is_found_wherever_it_stands(api: Api) {
    let rows = [
        (
            json!({"job_type": "a", "content": "a\0b"}),
            "/content nul_character",
        ),
        (
            json!({"job_type": "a", "project_title": "\0"}),
            "/project_title nul_character",
        ),
        (
            json!({"job_type": "a", "working_dir": "a\0"}),
            "/working_dir nul_character",
        ),
        (
            json!({"job_type": "a", "episode_id": "\0"}),
            "/episode_id nul_character",
        ),
        (
            json!({"job_type": "a", "request_data": {"a": [{"b": "\0"}]}}),
            "/request_data/a/0/b nul_character",
        ),
        (
            json!({"job_type": "a", "context": {"x/y": {"z": ["", "\0"]}}}),
            "/context/x~1y/z/1 nul_character",
        ),
        (
            json!({"job_type": "a", "context": {"a\0": 1}}),
            "/context nul_character",
        ),
        (
            json!({"job_type": "a", "context": {"a": {"b\0": 1}}}),
            "/context/a nul_character",
        ),
        (
            json!({"job_type": "a", "labels": {"team": "\0"}}),
            "/labels/team nul_character",
        ),
        (
            json!({"job_type": "a", "items": [{"key": "\0"}]}),
            "/items/0/key nul_character",
        ),
        (
            json!({"job_type": "a", "items": [{"key": "0", "input": [["\0"]]}]}),
            "/items/0/input/0/0 nul_character",
        ),
    ];
    for (body, place) in rows {
        let problem = api
            .post("/api/v1/jobs", body.clone())
            .await
            .problem(400, "invalid_request");
        assert_eq!(places(&problem), [place], "{body}");
    }
    for (kind, body) in [
        ("idea2video", json!({"idea": "A fox on a train\0"})),
        (
            "idea2video",
            json!({"idea": "A fox on a train", "style": "\0"}),
        ),
        (
            "script2video",
            json!({"script": format!("{}\0", "x".repeat(60))}),
        ),
    ] {
        let problem = api
            .post(&format!("/api/v1/generate/{kind}"), body)
            .await
            .problem(400, "invalid_request");
        assert!(places(&problem)[0].ends_with(" nul_character"), "{problem}");
    }
    api.post("/api/v1/series", json!({"title": "\0"}))
        .await
        .problem(400, "invalid_request");
    api.post("/api/v1/episodes", json!({"title": "\0"}))
        .await
        .problem(400, "invalid_request");
    assert_eq!(
        api.get("/api/v1/jobs").await.json(200)["pagination"]["total"],
        0
    );
}

#[on_both]
async fn a_nul_in_a_report_leaves_the_job_as_it_was(api: Api) {
    let job = api.with_items(&["0"]).await;
    let id = api.start(&job.id).await.id;
    let item = |field: &str| json!({"items": [{"key": "0", "status": "failed", field: "\0"}]});
    let rows = [
        (
            Method::PATCH,
            "",
            json!({"context": {"deep": {"er": ["\0"]}}}),
            "/context/deep/er/0",
        ),
        (
            Method::PATCH,
            "",
            json!({"project_title": "a\0"}),
            "/project_title",
        ),
        (Method::PATCH, "", json!({"error": "\0"}), "/error"),
        (
            Method::PUT,
            "/progress",
            json!({"progress": 5, "current_stage": "\0"}),
            "/current_stage",
        ),
        (
            Method::POST,
            "/complete",
            json!({"result": {"video_path": "\0"}}),
            "/result/video_path",
        ),
        (Method::POST, "/fail", json!({"error": "\0"}), "/error"),
        (Method::POST, "/cancel", json!({"reason": "\0"}), "/reason"),
        (Method::PATCH, "/items", item("error"), "/items/0/error"),
        (Method::PATCH, "/items", item("result"), "/items/0/result"),
    ];
    for (method, rest, body, pointer) in rows {
        let call = api.send(method, &of_job(&id, rest), body);
        assert_eq!(
            places(&api.unchanged(&id, call, 400, "invalid_request").await),
            [format!("{pointer} nul_character")]
        );
    }
}

#[on_both]
async fn a_lone_surrogate_is_refused_wherever_it_stands(api: Api) {
    let id = api.started().await.id;
    let rows = [
        (Method::PATCH, "", r#"{"project_title": "\ud800"}"#),
        (
            Method::PATCH,
            "",
            r#"{"context": {"a": [{"b": "x\udfffy"}]}}"#,
        ),
        (Method::PATCH, "", r#"{"context": {"\udead": 1}}"#),
        (Method::PUT, "/progress", r#"{"current_stage": "\ud83c"}"#),
        (Method::POST, "/fail", r#"{"error": "\udfac\ud83c"}"#),
    ];
    for (method, rest, body) in rows {
        let call = api.send_text(method, &of_job(&id, rest), "application/json", body);
        api.unchanged(&id, call, 400, "malformed_body").await;
    }
}

#[on_both]
async fn any_other_text_comes_back_as_it_was(api: Api) {
    let text = "\u{1}\t\n\u{7f}\u{85}\u{2028}\u{feff}\u{fffd}\u{10ffff} e\u{301} é ﷽ 🎬 ' \" \\ \\u0000 %00 ;--";
    let job = api.made(json!({
        "job_type": "a", "content": text, "context": {text: [text]}, "labels": {"team": text},
        "items": [{"key": "0", "input": text}],
    }));
    let id = job.await["job_id"].as_str().unwrap().to_owned();
    let job = api.job(&id).await;
    assert_eq!(
        (&job["content"], &job["context"]),
        (&text.into(), &json!({text: [text]}))
    );
    assert_eq!(job["labels"], json!({"team": text}));
    assert_eq!(
        api.get(&of_job(&id, "/items")).await.json(200)["items"][0]["input"],
        text
    );
}
