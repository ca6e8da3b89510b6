//! `kill -9` of a worker, and of the process between it and its program.

use super::stage::{Stage, eventually, gone, pids, send, state};
use crate::support::TestDb;
use serde_json::json;

/// Reports the next item at each line of a FIFO; never renders one that it is given as done.
const RENDER: &str = r#"
    given=$(cat); echo $$ >> pids; sleep 1000 & echo $! >> pids
    for key in one two three; do
        case $given in *'"key":"'$key'"'*) continue ;; esac
        echo $key >> rendered
        echo '{"item": {"key": "'$key'", "status": "completed"}}'
        [ $CALLSHEET_ATTEMPT = 2 ] || while [ ! -e go-$key ]; do sleep 0.02; done
    done"#;

const TREE: &str = r#"
    trap '' TERM
    sh -c 'trap "" TERM; while :; do sleep 1000; done' & echo $! >> pids
    sleep 1000 & echo $! >> pids
    echo $PPID > guard; echo $$ >> pids; echo '{"stage": "up"}'; wait"#;

#[on_both]
async fn no_process_outlives_a_worker_that_is_killed(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create("film").await;
    let mut worker = stage.worker(&[], TREE);
    stage
        .until("film", |job| job["current_stage"] == "up")
        .await;
    let all = [pids(&stage.read("pids")), pids(&stage.read("guard"))].concat();
    assert!(
        all.len() == 4 && all.iter().all(|pid| state(*pid).is_some()),
        "{all:?}"
    );
    worker.kill().await;
    gone(&all).await;
}

#[on_both]
async fn what_was_told_before_the_kill_is_not_done_again(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create("film").await;
    let mut worker = stage.worker(&["--lease-seconds", "2"], RENDER);
    worker.says("film started").await;
    stage.until("film", |job| job["completed_shots"] == 1).await;
    std::fs::write(stage.path("go-one"), "").unwrap();
    stage.until("film", |job| job["completed_shots"] == 2).await;
    worker.kill().await;
    gone(&pids(&stage.read("pids"))).await;
    // Another one takes over when the lease has run out.
    let mut worker = stage.worker(&["--lease-seconds", "2"], RENDER);
    stage
        .until("film", |job| {
            job["status"] == "queued" || job["attempt"] == 2
        })
        .await;
    if stage.job("film").await["status"] == "queued" {
        stage.do_not_wait("film").await;
    }
    worker.says("film completed").await;
    assert_eq!(stage.read("rendered"), "one\ntwo\nthree\n");
    let job = stage.job("film").await;
    assert_eq!(
        json!([job["attempt"], job["completed_shots"], job["total_shots"]]),
        json!([2, 3, 3])
    );
    worker.stop().await;
}

#[on_both]
async fn a_program_whose_guard_is_killed_ends_with_it(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create("film").await;
    let mut worker = stage.worker(&[], TREE);
    stage
        .until("film", |job| job["current_stage"] == "up")
        .await;
    let guard = eventually(|| pids(&stage.read("guard")).first().copied()).await;
    send("KILL", guard).await;
    worker.says("film failed").await;
    gone(&pids(&stage.read("pids"))).await;
    assert_eq!(
        stage.job("film").await["error"],
        "The program was killed by signal 9."
    );
    worker.stop().await;
}
