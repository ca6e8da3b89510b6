//! What a program is given, and what it may say.

use super::stage::{Stage, Worker, path};
use crate::support::TestDb;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;

#[on_both]
async fn a_program_is_given_its_job_and_its_words_become_the_job(db: TestDb) {
    let stage = Stage::at(&db).await;
    let items = json!([{"key": "one", "input": {"visual_desc": "A lighthouse"}}, {"key": "two"}]);
    let body = json!({"job_type": "render", "job_id": "film", "content": "é\"\n", "project_title": "Faro", "items": items});
    stage.post("/jobs", body).await;
    let script = r#"
        cat > given
        env | grep '^CALLSHEET_' | sort > environment
        echo '{"stage": "Reading"}'
        echo 'a line of its own'
        echo '{"item": {"key": "one", "status": "completed", "result": {"video_path": "/media/one.mp4"}}}'
        echo '{"total_shots": 3}'
        echo '{"item": {"key": "three", "status": "completed"}}'
        echo '{"item": {"key": "two", "status": "failed", "error": "too dark"}, "stage": "Joining"}'
        echo '{"result": {"video_path": "/media/early.mp4"}}'
        echo '{"result": {"video_path": "/media/film.mp4"}}'"#;
    let mut worker = stage.worker(&["--worker-id", "w1"], script);
    worker.says("film started, attempt 1 of 3: Faro").await;
    worker.says("film completed").await;

    let given: Value = serde_json::from_str(&stage.read("given")).unwrap();
    assert_eq!(stage.read("given").lines().count(), 1);
    let expected = json!(["film", "é\"\n", "processing", 1, "w1"]);
    let job = &given["job"];
    assert_eq!(
        json!([
            job["job_id"],
            job["content"],
            job["status"],
            job["attempt"],
            job["worker_id"]
        ]),
        expected
    );
    assert_eq!(
        (
            &given["items"][0]["input"]["visual_desc"],
            &given["items"][1]["status"]
        ),
        (&json!("A lighthouse"), &json!("pending"))
    );
    assert!(
        !stage.read("given").contains("token"),
        "the program has no use for the lease"
    );
    let found = stage.read("environment");
    let token = found
        .lines()
        .find_map(|line| line.strip_prefix("CALLSHEET_JOB_TOKEN="))
        .unwrap();
    assert!(token.starts_with("cj_"), "{found}");
    let environment = format!(
        "CALLSHEET_ATTEMPT=1\nCALLSHEET_JOB_ID=film\nCALLSHEET_JOB_TOKEN={token}\nCALLSHEET_JOB_TYPE=render\nCALLSHEET_MAX_ATTEMPTS=3\n\
         CALLSHEET_SERVER={}\nCALLSHEET_WORKER_ID=w1\n",
        stage.server.url
    );
    assert_eq!(found, environment);

    let job = stage.job("film").await;
    let told = json!([
        job["status"],
        job["current_stage"],
        job["total_shots"],
        job["completed_shots"],
        job["result"]["video_path"]
    ]);
    assert_eq!(
        told,
        json!(["completed", "Joining", 3, 2, "/media/film.mp4"])
    );
    let items = stage.get("/jobs/film/items").await;
    let rows: Vec<_> = items["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| json!([i["key"], i["status"], i["error"]]))
        .collect();
    assert_eq!(
        rows,
        [
            json!(["one", "completed", null]),
            json!(["two", "failed", "too dark"]),
            json!(["three", "completed", null])
        ]
    );
    assert_eq!(items["items"][0]["result"]["video_path"], "/media/one.mp4");
    assert_eq!(stage.log("film").await, ["a line of its own"]);
    worker.stop().await;
}

#[on_both]
async fn a_second_attempt_is_given_what_is_done(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create("film").await;
    let script = r#"
        cat > given-$CALLSHEET_ATTEMPT
        echo '{"total_shots": 2}'
        if [ $CALLSHEET_ATTEMPT = 1 ]; then
            echo '{"item": {"key": "one", "status": "completed", "result": {"n": 1}}}'
            echo 'the lamp broke' >&2; exit 1
        fi
        echo '{"item": {"key": "two", "status": "completed"}}'"#;
    let mut worker = stage.worker(&[], script);
    worker
        .says("film failed, to be tried again: the lamp broke")
        .await;
    let job = stage.job("film").await;
    assert_eq!(
        json!([job["status"], job["error"]]),
        json!(["queued", "the lamp broke\n(ended with exit code 1)"])
    );
    assert_eq!(
        json!([job["total_shots"], job["completed_shots"], job["progress"]]),
        json!([2, 1, 50.0])
    );
    stage.do_not_wait("film").await;
    worker.says("film completed").await;
    let given: Value = serde_json::from_str(&stage.read("given-2")).unwrap();
    let item = &given["items"][0];
    assert_eq!(
        json!([item["key"], item["status"], item["result"]["n"]]),
        json!(["one", "completed", 1])
    );
    assert_eq!(stage.job("film").await["completed_shots"], 2);
    worker.stop().await;
}

#[on_both]
async fn how_a_program_ends_is_how_its_job_does(db: TestDb) {
    let stage = Stage::at(&db).await;
    let script = r#"case $CALLSHEET_JOB_ID in
        silent) exit 0 ;;
        again) echo 'not now' >&2; exit 75 ;;
        mute) exit 3 ;;
        killed) echo 'last words' >&2; kill -9 $$ ;;
        long) head -c 100000 /dev/zero | tr '\0' x >&2; exit 1 ;;
        esac"#;
    let mut worker = stage.worker(&[], script);
    let rows = [
        ("silent", "completed", ""),
        ("again", "queued", "not now\n(ended with exit code 75)"),
        ("mute", "queued", "The program ended with exit code 3."),
        ("killed", "queued", "last words\n(was killed by signal 9)"),
    ];
    for (id, status, error) in rows {
        stage.create(id).await;
        worker
            .says(&format!(
                "{id} {}",
                if error.is_empty() {
                    "completed"
                } else {
                    "failed"
                }
            ))
            .await;
        let job = stage.job(id).await;
        assert_eq!(
            (
                job["status"].as_str().unwrap(),
                job["error"].as_str().unwrap_or_default()
            ),
            (status, error),
            "{id}"
        );
    }
    stage.create("long").await;
    worker.says("long failed").await;
    let error = stage.job("long").await["error"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        error,
        format!("{}\n(ended with exit code 1)", "x".repeat(4096))
    );
    worker.stop().await;
}

#[on_both]
async fn two_thousand_items_at_once_are_all_told(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create("film").await;
    let script = r#"seq 1 2000 | sed 's/.*/{"item": {"key": "shot-&", "status": "completed", "result": {"n": &}}}/'"#;
    let mut worker = stage.worker(&[], script);
    worker.says("film completed").await;
    let job = stage.job("film").await;
    assert_eq!(
        json!([job["total_shots"], job["completed_shots"]]),
        json!([2000, 2000])
    );
    let last = stage.get("/jobs/film/items?after=1998").await;
    assert_eq!(
        json!([last["items"][0]["key"], last["items"][0]["result"]["n"]]),
        json!(["shot-2000", 2000])
    );
    worker.stop().await;
}

#[on_both]
async fn jobs_run_beside_each_other_up_to_the_limit(db: TestDb) {
    let stage = Stage::at(&db).await;
    for id in ["a", "b", "c"] {
        stage.create(id).await;
    }
    // Each waits until it has seen another; the third one waits for its turn.
    let script = r#"touch here-$CALLSHEET_JOB_ID; while [ $(ls | grep -c here) -lt 2 ]; do sleep 0.02; done
        ls | grep here > seen-$CALLSHEET_JOB_ID; [ -e go ] || { while [ ! -e go ]; do sleep 0.02; done; }"#;
    let mut worker = stage.worker(&["--concurrency", "2"], script);
    stage.until("b", |job| job["status"] == "processing").await;
    stage.until("a", |job| job["status"] == "processing").await;
    assert_eq!(stage.job("c").await["status"], "queued");
    std::fs::write(stage.path("go"), "").unwrap();
    worker.says("c completed").await;
    stage.until("b", |job| job["status"] == "completed").await;
    worker.stop().await;
}

/// A web server has to read the videos.
#[on_both]
async fn what_a_program_makes_is_for_those_that_its_worker_makes_it_for(db: TestDb) {
    let stage = Stage::at(&db).await;
    for (mask, made) in [
        ("022", 0o644),
        ("027", 0o640),
        ("000", 0o666),
        ("077", 0o600),
    ] {
        let id = format!("film-{mask}");
        stage.create(&id).await;
        let script = format!("umask {mask}; exec \"$0\" \"$@\"");
        let program = format!("umask > mask-{mask}; : > made-{mask}; mkdir folder-{mask}");
        let mut command = tokio::process::Command::new("/bin/sh");
        command.args([
            "-c",
            &script,
            env!("CARGO_BIN_EXE_callsheet"),
            "work",
            "--type",
            "render",
        ]);
        command.args(["--server", &stage.server.url, "--", "sh", "-c", &program]);
        command
            .env_clear()
            .env("PATH", path())
            .current_dir(stage.path(""))
            .kill_on_drop(true);
        let mut worker = Worker::start(&mut command);
        worker.says(&format!("{id} completed")).await;
        worker.stop().await;
        assert_eq!(
            u32::from_str_radix(stage.read(&format!("mask-{mask}")).trim(), 8),
            u32::from_str_radix(mask, 8)
        );
        let mode = stage
            .path(&format!("made-{mask}"))
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, made, "{mask}");
    }
}
