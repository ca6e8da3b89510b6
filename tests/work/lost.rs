//! Reports that must not be lost: too long, of almost JSON, with one bad member.

use super::stage::Stage;
use crate::support::TestDb;
use serde_json::{Value, json};

/// A result of 1,000,100 bytes.
const LARGE: &str = r#"printf '{"result": {"video_path": "/media/a.mp4", "frames": "'
    head -c 1000100 /dev/zero | tr '\0' x; printf '"}}\n'"#;

/// A result of two megabytes in the second line.
const TOO_LARGE: &str = r#"echo first; printf '{"frames": "'
    head -c 2000000 /dev/zero | tr '\0' x; printf '", "result": {"a": 1}}\n'"#;

/// Runs one program on a new job, and returns the job when the attempt has ended.
async fn played(stage: &Stage, id: &str, script: &str) -> Value {
    stage.create(id).await;
    let mut worker = stage.worker(&[], script);
    worker.says(&format!("{id} started")).await;
    let job = stage
        .until(id, |job| {
            job["status"] == "completed" || job["error"].is_string()
        })
        .await;
    worker.stop().await;
    job
}

fn error(job: &Value) -> &str {
    job["error"].as_str().unwrap_or_default()
}

#[on_both]
async fn a_result_as_large_as_the_server_takes_is_the_result(db: TestDb) {
    let stage = Stage::at(&db).await;
    let job = played(&stage, "film", LARGE).await;
    assert_eq!(job["status"], "completed", "{}", error(&job));
    assert_eq!(job["result"]["frames"].as_str().unwrap().len(), 1_000_100);
}

#[on_both]
async fn a_line_that_is_too_long_and_names_a_result_fails_the_attempt(db: TestDb) {
    let stage = Stage::at(&db).await;
    let job = played(&stage, "film", TOO_LARGE).await;
    assert_eq!(
        json!([job["status"], job["result"]]),
        json!(["queued", null])
    );
    assert!(
        error(&job).starts_with("a report was not taken: line 2 of the program's output: a result")
            && error(&job).contains("at most 1048576 (--max-body-bytes)"),
        "{}",
        error(&job)
    );
}

#[on_both]
async fn the_longest_line_is_what_the_server_takes(db: TestDb) {
    let stage = Stage::with(&db, &["--max-body-bytes", "4000000"]).await;
    let job = played(&stage, "film", TOO_LARGE).await;
    assert_eq!(
        json!([job["status"], job["result"]]),
        json!(["completed", {"a": 1}])
    );
    stage.server.kill().await;
    let stage = Stage::with(&db, &["--max-body-bytes", "20000"]).await;
    let items = r#"for n in 1 2 3 4 5 6 7 8 9; do
        printf '{"item": {"key": "%s", "status": "completed", "result": "' $n
        head -c 9000 /dev/zero | tr '\0' x; printf '"}}\n'; head -c 4000 /dev/zero | tr '\0' '"'; echo
        done"#;
    let job = played(&stage, "small", items).await;
    assert_eq!(
        json!([job["status"], job["completed_shots"]]),
        json!(["completed", 9]),
        "{}",
        error(&job)
    );
}

#[on_both]
async fn what_python_writes_is_put_right(db: TestDb) {
    let stage = Stage::at(&db).await;
    let rows = [
        (
            "words",
            r#"printf '{"result": {"score": NaN, "scores": [Infinity, -Infinity, 1e999]}}\n'"#,
            json!({"score": null, "scores": [null, null, null]}),
        ),
        (
            "surrogate",
            r#"printf '{"result": {"title": "x\\ud83d"}}\n'"#,
            json!({"title": "x\u{fffd}"}),
        ),
        (
            "nul",
            r#"printf '{"result": {"title": "x\\u0000"}}\n'"#,
            json!({"title": "x\u{fffd}"}),
        ),
        (
            "progress",
            r#"printf '{"progress": 100.00000000000001, "result": {"a": 1}}\n'"#,
            json!({"a": 1}),
        ),
        (
            "status",
            r#"printf '{"status": "odd", "progress": "ten", "stage": 5, "result": {"a": 1}}\n'"#,
            json!({"a": 1}),
        ),
        (
            "mark",
            r#"printf '\357\273\277{"result": {"a": 1}}\r\n'"#,
            json!({"a": 1}),
        ),
        (
            "bar",
            r#"printf ' 50%%|####  |\r{"result": {"a": 1}}\n'"#,
            json!({"a": 1}),
        ),
        (
            "two",
            r#"printf '{"result": {"a": 2}}\n{"result": {"a": 1}}\n'"#,
            json!({"a": 1}),
        ),
        (
            "late",
            r#"printf '{"result": "a.mp4"}\n{"result": {"a": 1}}\n'"#,
            json!({"a": 1}),
        ),
        (
            "no-newline",
            r#"printf '{"result": {"a": 1}}'"#,
            json!({"a": 1}),
        ),
    ];
    for (id, script, result) in rows {
        let job = played(&stage, id, script).await;
        assert_eq!(
            json!([job["status"], job["result"]]),
            json!(["completed", result]),
            "{id}: {}",
            error(&job)
        );
    }
}

#[on_both]
async fn what_cannot_be_put_right_fails_the_attempt_with_its_line(db: TestDb) {
    let stage = Stage::at(&db).await;
    let rows = [
        (
            "text",
            r#"printf 'x\n{"result": "a.mp4"}\n'"#,
            "a result is an object",
        ),
        (
            "list",
            r#"printf 'x\n{"result": [1]}\n'"#,
            "a result is an object",
        ),
        (
            "broken",
            r#"printf 'x\n{"result": {"a": \n'"#,
            "a result, but it is no valid JSON",
        ),
        (
            "python",
            r#"printf "x\n{'result': {'a': 1}}\n""#,
            "a result, but it is no valid JSON",
        ),
        (
            "status",
            r#"printf 'x\n{"item": {"key": "a", "status": "odd"}, "result": {"a": 1}}\n'"#,
            "\"odd\"",
        ),
        (
            "item",
            r#"printf 'x\n{"item": "a"}\n'"#,
            "an item is an object",
        ),
        (
            "half",
            r#"printf 'x\n{"item": {"key": "a", "status": "comp\n'"#,
            "an item, but it is no valid JSON",
        ),
        (
            "nameless",
            r#"printf 'x\n{"item": {"status": "completed"}}\n'"#,
            "a key or an idx",
        ),
    ];
    for (id, script, reason) in rows {
        let job = played(&stage, id, script).await;
        assert_eq!(job["status"], "queued", "{id}");
        let begin = "a report was not taken: line 2 of the program's output: ";
        assert!(
            error(&job).starts_with(begin) && error(&job).contains(reason),
            "{id}: {}",
            error(&job)
        );
        stage.post(&format!("/jobs/{id}/cancel"), json!({})).await;
    }
}

#[on_both]
async fn progress_that_the_server_refuses_costs_no_attempt(db: TestDb) {
    let stage = Stage::at(&db).await;
    let script = r#"echo '{"total_shots": 1, "completed_shots": 5, "progress": 7}'
        echo line; echo '{"item": {"key": "a", "status": "DONE"}}'; echo '{"result": {"a": 1}}'"#;
    let job = played(&stage, "film", script).await;
    assert_eq!(
        json!([job["status"], job["result"], job["completed_shots"]]),
        json!(["completed", {"a": 1}, 1]),
        "{}",
        error(&job)
    );
    let log = stage.log("film").await;
    assert!(
        log.contains(&"line".to_owned())
            && log
                .iter()
                .any(|line| line.starts_with("(progress was not taken: ")),
        "{log:?}"
    );
}
