//! A program that has to end before its time: cancelled, its lease lost, its worker asked to stop.

use super::stage::{Stage, Worker, gone, path, pids, send};
use crate::support::TestDb;
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::process::Command;

/// Writes down the ids of all its processes, ends at TERM, and says so.
const TREE: &str = r#"
    trap 'echo asked to end; echo "{\"item\": {\"key\": \"last\", \"status\": \"completed\"}}"; exit 1' TERM
    sleep 1000 & echo $! >> pids; sh -c 'sleep 1000' & echo $! >> pids; echo $$ >> pids
    echo '{"stage": "up"}'; wait"#;

const STUBBORN: &str = r#"
    trap '' TERM
    sh -c 'trap "" TERM; while :; do sleep 1000; done' & echo $! >> pids; echo $$ >> pids
    echo '{"stage": "up"}'; while :; do sleep 1000; done"#;

#[on_both]
async fn a_cancelled_program_ends_in_order(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create("film").await;
    let mut worker = stage.worker(&["--lease-seconds", "3"], TREE);
    stage
        .until("film", |job| job["current_stage"] == "up")
        .await;
    stage
        .post("/jobs/film/cancel", json!({"reason": "another film"}))
        .await;
    worker.says("film cancelled").await;
    let job = stage.job("film").await;
    assert_eq!(
        json!([job["status"], job["completed_shots"], job["attempt"]]),
        json!(["cancelled", 1, 1])
    );
    assert_eq!(stage.log("film").await, ["asked to end"]);
    gone(&pids(&stage.read("pids"))).await;
    worker.stop().await;
}

#[on_both]
async fn a_program_that_ignores_term_is_killed_after_the_grace_time(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create("film").await;
    let mut worker = stage.worker(&["--lease-seconds", "3", "--grace", "1"], STUBBORN);
    stage
        .until("film", |job| job["current_stage"] == "up")
        .await;
    stage.post("/jobs/film/cancel", json!({})).await;
    worker.says("did not end when it was asked to").await;
    worker.says("film cancelled").await;
    assert_eq!(stage.job("film").await["status"], "cancelled");
    gone(&pids(&stage.read("pids"))).await;
    worker.stop().await;
}

#[on_both]
async fn a_program_whose_lease_is_lost_is_killed_and_says_no_more(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create("film").await;
    let mut worker = stage.worker(&["--lease-seconds", "3"], TREE);
    stage
        .until("film", |job| job["current_stage"] == "up")
        .await;
    let conn = db.raw().await;
    conn.execute_unprepared("UPDATE video_generation_jobs SET lease_token = 'of-another'")
        .await
        .unwrap();
    conn.close().await.unwrap();
    worker.says("film dropped").await;
    gone(&pids(&stage.read("pids"))).await;
    let job = stage.job("film").await;
    assert_eq!(
        json!([job["status"], job["completed_shots"], job["error"]]),
        json!(["processing", 0, null])
    );
    worker.stop().await;
}

#[on_both]
async fn a_worker_that_is_asked_to_stop_gives_its_jobs_back(db: TestDb) {
    for signal in ["TERM", "INT", "HUP"] {
        let stage = Stage::at(&db).await;
        let id = format!("film-{signal}");
        stage.create(&id).await;
        let mut worker = stage.worker(&[], TREE);
        stage.until(&id, |job| job["current_stage"] == "up").await;
        worker.signal(signal).await;
        worker.says("stopping").await;
        worker.says(&format!("{id} given back")).await;
        assert_eq!(worker.ends().await.code(), Some(0));
        let job = stage.job(&id).await;
        // What was done stays done, and the attempt was none.
        assert_eq!(
            json!([job["status"], job["attempt"], job["completed_shots"]]),
            json!(["queued", 0, 1])
        );
        gone(&pids(&stage.read("pids"))).await;
        stage.post(&format!("/jobs/{id}/cancel"), json!({})).await;
        stage.server.kill().await;
    }
}

/// Ends its worker and itself, as a stop of a systemd service ends all of its processes.
const ENDS_ALL: &str = r#"
    worker=$(cut -d ' ' -f 4 /proc/$PPID/stat)
    kill -TERM $worker $$"#;

#[on_both]
async fn a_program_that_is_ended_together_with_its_worker_is_given_back(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create("film").await;
    let mut worker = stage.worker(&[], ENDS_ALL);
    worker.says("film given back").await;
    assert_eq!(worker.ends().await.code(), Some(0));
    let job = stage.job("film").await;
    assert_eq!(json!([job["status"], job["attempt"]]), json!(["queued", 0]));
}

#[on_both]
async fn a_second_signal_kills_at_once(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create("film").await;
    let mut worker = stage.worker(&["--grace", "3600"], STUBBORN);
    stage
        .until("film", |job| job["current_stage"] == "up")
        .await;
    worker.signal("TERM").await;
    worker.says("stopping").await;
    worker.signal("TERM").await;
    assert_eq!(worker.ends().await.code(), Some(0));
    gone(&pids(&stage.read("pids"))).await;
    let job = stage.job("film").await;
    assert_eq!(json!([job["status"], job["attempt"]]), json!(["queued", 0]));
}

#[on_both]
async fn a_second_signal_ends_an_idle_worker_too(db: TestDb) {
    let stage = Stage::at(&db).await;
    let mut worker = stage.worker(&[], "exit 1");
    worker.says("works on render").await;
    worker.signal("TERM").await;
    // It may be gone already.
    let pid = worker.pid().to_string();
    let _ = Command::new("kill")
        .args(["-s", "TERM", &pid])
        .status()
        .await
        .unwrap();
    assert_eq!(worker.ends().await.code(), Some(0));
}

#[on_both]
async fn an_idle_worker_stops_when_it_is_asked_to(db: TestDb) {
    let stage = Stage::at(&db).await;
    let mut worker = stage.worker(&[], "exit 1");
    worker.says("works on render").await;
    worker.stop().await;
    stage.create("film").await;
    let job = stage.job("film").await;
    assert_eq!(
        json!([job["status"], job["attempt"]]),
        json!(["queued", 0]),
        "nobody waits any more"
    );
}

/// Ends at TERM with what it has done, and with exit code 0.
const FINISHES: &str = r#"
    trap 'echo "{\"item\": {\"key\": \"last\", \"status\": \"completed\"}}"; exit 0' TERM
    echo '{"stage": "up"}'; while :; do sleep 0.02; done"#;

#[on_both]
async fn a_program_that_finishes_at_term_and_exits_with_0_is_done(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create("film").await;
    let mut worker = stage.worker(&[], FINISHES);
    stage
        .until("film", |job| job["current_stage"] == "up")
        .await;
    worker.signal("TERM").await;
    worker.says("film completed").await;
    assert_eq!(worker.ends().await.code(), Some(0));
    let job = stage.job("film").await;
    assert_eq!(
        json!([job["status"], job["attempt"], job["completed_shots"]]),
        json!(["completed", 1, 1])
    );
}

#[on_both]
async fn a_worker_under_nohup_goes_on_when_its_terminal_closes(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create("film").await;
    let script = "trap '' HUP; exec \"$0\" \"$@\"";
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_callsheet"), "work"]);
    command.args(["--type", "render", "--server", &stage.server.url, "--"]);
    command.args([
        "sh",
        "-c",
        "echo '{\"stage\": \"up\"}'; while [ ! -e go ]; do sleep 0.02; done",
    ]);
    command.env_clear().env("PATH", path()).kill_on_drop(true);
    let mut worker = Worker::start(command.current_dir(stage.path("")));
    stage
        .until("film", |job| job["current_stage"] == "up")
        .await;
    worker.signal("HUP").await;
    std::fs::write(stage.path("go"), "").unwrap();
    worker.says("film completed").await;
    worker.stop().await;
}

#[on_both]
async fn a_second_signal_ends_a_worker_whose_server_is_silent(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create("film").await;
    let mut worker = stage.worker(&["--grace", "3600"], STUBBORN);
    stage
        .until("film", |job| job["current_stage"] == "up")
        .await;
    send("STOP", stage.server.pid()).await;
    worker.signal("TERM").await;
    worker.says("stopping").await;
    let begun = Instant::now();
    worker.signal("TERM").await;
    assert_eq!(worker.ends().await.code(), Some(1));
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "{:?}",
        begun.elapsed()
    );
    gone(&pids(&stage.read("pids"))).await;
    send("CONT", stage.server.pid()).await;
}
