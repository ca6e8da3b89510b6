//! A worker that does not run: stopped by a signal, as on a host that sleeps. Its guard does.

use super::stage::{Stage, eventually, gone, pids, state};
use crate::support::TestDb;
use serde_json::json;

const RENDER: &str = r#"
    echo $$ >> pids; sleep 1000 & echo $! >> pids
    echo '{"stage": "up"}'; while [ ! -e go ]; do sleep 0.02; done
    echo '{"result": {"fine": true}}'"#;

#[on_both]
async fn a_worker_that_is_stopped_works_on_nothing_that_another_may_have(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create("film").await;
    let mut worker = stage.worker(&["--lease-seconds", "2"], RENDER);
    stage
        .until("film", |job| job["current_stage"] == "up")
        .await;
    let all = pids(&stage.read("pids"));
    worker.signal("STOP").await;
    eventually(|| all.iter().all(|pid| state(*pid) == Some('T')).then_some(())).await;
    stage.until("film", |job| job["status"] == "queued").await;
    // Another worker has it, and the first one wakes up.
    stage.do_not_wait("film").await;
    std::fs::write(stage.path("go"), "").unwrap();
    let mut other = stage.worker(&[], RENDER);
    other.says("film completed").await;
    assert!(all.iter().all(|pid| state(*pid) == Some('T')), "it sleeps");
    worker.signal("CONT").await;
    worker.says("film dropped").await;
    gone(&all).await;
    let job = stage.job("film").await;
    assert_eq!(
        json!([job["status"], job["attempt"], job["result"]]),
        json!(["completed", 2, {"fine": true}])
    );
    worker.stop().await;
    other.stop().await;
}

#[on_both]
async fn a_worker_that_wakes_up_in_time_goes_on(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create("film").await;
    let mut worker = stage.worker(&["--lease-seconds", "6"], RENDER);
    stage
        .until("film", |job| job["current_stage"] == "up")
        .await;
    let program = pids(&stage.read("pids"))[0];
    // The server's process sleeps too, so that it does not take the job.
    super::stage::send("STOP", stage.server.pid()).await;
    worker.signal("STOP").await;
    eventually(|| (state(program) == Some('T')).then_some(())).await;
    worker.signal("CONT").await;
    worker.says("film pauses").await;
    super::stage::send("CONT", stage.server.pid()).await;
    std::fs::write(stage.path("go"), "").unwrap();
    // Whether the server took the job back before it heard of the worker is a matter of chance.
    let job = stage
        .until("film", |job| job["status"] != "processing")
        .await;
    let status = job["status"].as_str().unwrap();
    assert!(["completed", "queued"].contains(&status), "{job}");
    gone(&[program]).await;
    worker.stop().await;
}
