//! Workers of a server that needs a key.

use super::stage::{Stage, Worker, path};
use crate::support::{TestDb, callsheet};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;

/// A stage with a job, and the key of a worker.
async fn stage_with_key(db: &TestDb) -> (Stage, String) {
    let stage = Stage::at(db).await;
    stage.create("film").await;
    let key = stage
        .post("/keys", json!({"name": "farm", "role": "worker"}))
        .await;
    (stage, key["key"].as_str().unwrap().to_owned())
}

async fn status(stage: &Stage, key: &str) -> Value {
    let url = stage.server.at("/api/v1/jobs/film");
    let answer = stage.server.client.get(url).bearer_auth(key).send().await;
    answer.unwrap().json::<Value>().await.unwrap()["status"].clone()
}

const WORK: [&str; 4] = ["work", "--type", "render", "--server"];

#[on_both]
async fn a_worker_sends_its_key_and_its_program_does_not_get_it(db: TestDb) {
    let (stage, key) = stage_with_key(&db).await;
    let file = stage.path("key");
    std::fs::write(&file, format!("{key}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let secrets = "CALLSHEET_API_KEY,CALLSHEET_API_KEY_FILE,CALLSHEET_DATABASE_URL";
    let args = [
        "--api-key-file",
        "key",
        "--pass-env",
        secrets,
        "--",
        "sh",
        "-c",
        "env >env",
    ];
    let mut command = callsheet(&[&WORK[..], &[&*stage.server.url], &args].concat());
    command
        .env("PATH", path())
        .env("CALLSHEET_API_KEY", "another")
        .env("CALLSHEET_API_KEY_FILE", "another")
        .env("CALLSHEET_DATABASE_URL", "postgres://u:secret@h/d")
        .current_dir(stage.path(""));
    let mut worker = Worker::start(&mut command);
    worker.says("film completed").await;
    worker.stop().await;
    let env = stage.read("env");
    assert!(env.contains("CALLSHEET_JOB_ID=film"), "{env}");
    for secret in [
        &*key,
        "CALLSHEET_API_KEY",
        "CALLSHEET_DATABASE_URL",
        "another",
    ] {
        assert!(!env.contains(secret), "{secret}: {env}");
    }
    assert_eq!(status(&stage, &key).await, "completed");
}

#[on_sqlite]
async fn a_worker_without_a_valid_key_ends_with_the_servers_sentence(db: TestDb) {
    let (stage, key) = stage_with_key(&db).await;
    for (key, sentence) in [(None, "needs a key"), (Some("wrong"), "mistyped")] {
        let args = ["--", "true"];
        let mut command = callsheet(&[&WORK[..], &[&*stage.server.url], &args].concat());
        command.env("PATH", path()).current_dir(stage.path(""));
        if let Some(key) = key {
            command.env("CALLSHEET_API_KEY", key);
        }
        let said = command.output().await.unwrap();
        let err = String::from_utf8(said.stderr).unwrap();
        assert!(!said.status.success() && err.contains(sentence), "{err}");
    }
    let args = ["--api-key", &*key, "--", "true"];
    let mut command = callsheet(&[&WORK[..], &[&*stage.server.url], &args].concat());
    let said = command.output().await.unwrap();
    let err = String::from_utf8(said.stderr).unwrap();
    assert!(
        err.contains("--api-key-file") && !err.contains(&key),
        "{err}"
    );
    assert_eq!(status(&stage, &key).await, "queued");
}
