//! Files that a program reports, and that have to be there.

use super::stage::Stage;
use crate::support::TestDb;
use serde_json::{Value, json};

const VIDEO: &str = r#"echo '{"result": {"video_path": "/media/film.mp4"}}'"#;

async fn played(stage: &Stage, args: &[&str], id: &str, script: &str) -> Value {
    stage.create(id).await;
    let mut worker = stage.worker(args, script);
    let job = stage
        .until(id, |job| {
            job["status"] == "completed" || job["error"].is_string()
        })
        .await;
    worker.says(id).await;
    worker.stop().await;
    job
}

#[on_both]
async fn a_result_whose_file_is_missing_or_empty_fails_the_attempt(db: TestDb) {
    let stage = Stage::at(&db).await;
    std::fs::create_dir(stage.path("media")).unwrap();
    let media = stage.path("media").display().to_string();
    let rows = [
        ("missing", VIDEO.to_owned(), "queued"),
        ("empty", format!(": > media/film.mp4; {VIDEO}"), "queued"),
        (
            "there",
            format!("echo x > media/film.mp4; {VIDEO}"),
            "completed",
        ),
        (
            "late",
            format!("rm media/film.mp4; {VIDEO}; echo x > media/film.mp4"),
            "completed",
        ),
    ];
    for (id, script, status) in rows {
        let job = played(&stage, &["--media", &media], id, &script).await;
        let error = job["error"].as_str().unwrap_or_default();
        assert_eq!(job["status"], status, "{id}: {error}");
        assert_eq!(
            error.contains("/media/film.mp4 is missing or empty"),
            status == "queued",
            "{error}"
        );
        if status == "queued" {
            stage.post(&format!("/jobs/{id}/cancel"), json!({})).await;
        }
    }
    std::fs::remove_file(stage.path("media/film.mp4")).unwrap();
    for args in [&["--media", &media, "--no-check-media"][..], &[]] {
        let id = format!("film-{}", args.len());
        let job = played(&stage, args, &id, VIDEO).await;
        assert_eq!(job["status"], "completed", "{args:?}");
    }
}

#[on_both]
async fn an_item_whose_frame_is_missing_has_failed(db: TestDb) {
    let stage = Stage::at(&db).await;
    std::fs::create_dir(stage.path("media")).unwrap();
    let media = stage.path("media").display().to_string();
    let script = r#"echo x > media/1.png
        for n in 1 2; do echo '{"item": {"key": "'$n'", "status": "completed", "result": {"frames": ["/media/'$n'.png"]}}}'; done"#;
    let job = played(&stage, &["--media", &media], "film", script).await;
    assert_eq!(
        json!([job["status"], job["completed_shots"]]),
        json!(["queued", 1])
    );
    let items = stage.get("/jobs/film/items").await;
    assert_eq!(items["items"][1]["status"], "failed");
    let error = items["items"][1]["error"].as_str().unwrap();
    assert!(
        error.contains("/media/2.png is missing or empty"),
        "{error}"
    );
}

#[tokio::test]
async fn a_media_folder_that_is_not_there_is_told_at_the_start() {
    let desk = crate::cli::run::Desk::new();
    let args = ["work", "--type", "a", "--media", "nowhere", "--", "sh"];
    let sentence = desk.fails(2, &args).await;
    assert!(
        sentence.contains("nowhere") && sentence.contains("--media"),
        "{sentence}"
    );
}

#[on_both]
async fn a_server_with_a_media_folder_looks_for_the_files_of_a_result(db: TestDb) {
    let media = tempfile::tempdir().unwrap();
    let folder = media.path().to_str().unwrap();
    std::fs::write(media.path().join("there.mp4"), "x").unwrap();
    let stage = Stage::with(&db, &["--media-dir", folder]).await;
    for (name, status) in [("there", "completed"), ("missing", "queued")] {
        let script = format!(r#"echo '{{"result": {{"video_path": "/media/{name}.mp4"}}}}'"#);
        let job = played(&stage, &[], name, &script).await;
        let error = job["error"].as_str().unwrap_or_default();
        assert_eq!(job["status"], status, "{error}");
        assert_eq!(
            error.contains("/media/missing.mp4 is missing or empty"),
            name == "missing"
        );
    }
    stage.post("/jobs/missing/cancel", json!({})).await;
    for id in ["one", "two"] {
        stage.create(id).await;
        let claim = json!({"worker_id": "w", "job_types": ["render"]});
        let claimed = stage.post("/claims", claim).await;
        let token = &claimed["jobs"][0]["lease"]["token"];
        let result = json!({"frames": ["/media/there.mp4", "/media/gone.mp4"]});
        let body = json!({"lease_token": token, "result": result});
        let answer = match id {
            "one" => stage.post("/jobs/one/complete", body).await,
            _ => {
                let outcome = json!({"job_id": id, "lease_token": token, "outcome": "completed", "result": result});
                stage
                    .post("/outcomes", json!({"outcomes": [outcome]}))
                    .await["outcomes"][0]
                    .clone()
            }
        };
        assert_eq!(answer["status"], "queued", "{answer}");
        assert!(
            stage.job(id).await["error"]
                .as_str()
                .unwrap()
                .contains("/media/gone.mp4")
        );
    }
    stage.server.kill().await;
    let other = Stage::with(&db, &["--media-dir", folder, "--no-check-media"]).await;
    let job = played(&other, &[], "believed", VIDEO).await;
    assert_eq!(job["status"], "completed");
}
