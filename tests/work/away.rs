//! A server that is away for a while, and comes back.

use super::{
    relay::Relay,
    stage::{Stage, eventually, gone, pids, state},
};
use crate::support::{Server, TestDb};
use serde_json::json;

const RENDER: &str = r#"
    echo $$ > pids; echo '{"stage": "up"}'; while [ ! -e go ]; do sleep 0.02; done
    echo '{"item": {"key": "one", "status": "completed"}}'; echo '{"result": {"fine": true}}'; touch done"#;

#[on_both]
async fn a_program_goes_on_while_the_server_is_killed_and_started_again(db: TestDb) {
    let mut stage = Stage::at(&db).await;
    stage.create("film").await;
    let relay = Relay::to(&stage.server.url).await;
    let mut worker = stage.worker_at(&relay.url, &[], &["sh", "-c", RENDER]);
    stage
        .until("film", |job| job["current_stage"] == "up")
        .await;
    relay.cut();
    let next = Server::start(&db.url).await;
    std::mem::replace(&mut stage.server, next).kill().await;
    std::fs::write(stage.path("go"), "").unwrap();
    worker.says("the server is away").await;
    relay.lead_to(&stage.server.url);
    worker.says("the server is back").await;
    worker.says("film completed").await;
    let job = stage.job("film").await;
    assert_eq!(
        json!([job["status"], job["attempt"], job["completed_shots"]]),
        json!(["completed", 1, 1])
    );
    assert_eq!(job["result"]["fine"], true);
    // And it goes on claiming.
    stage.create("next").await;
    worker.says("next completed").await;
    worker.stop().await;
}

#[on_both]
async fn an_outcome_is_kept_until_it_is_delivered(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create("film").await;
    let relay = Relay::to(&stage.server.url).await;
    let mut worker = stage.worker_at(&relay.url, &[], &["sh", "-c", RENDER]);
    stage
        .until("film", |job| job["current_stage"] == "up")
        .await;
    relay.cut();
    std::fs::write(stage.path("go"), "").unwrap();
    eventually(|| stage.path("done").exists().then_some(())).await;
    gone(&pids(&stage.read("pids"))).await;
    worker.says("the server is away").await;
    assert_eq!(stage.job("film").await["status"], "processing");
    relay.lead_to(&stage.server.url);
    worker.says("film completed").await;
    assert_eq!(stage.job("film").await["result"]["fine"], true);
    worker.stop().await;
}

#[on_both]
async fn a_program_pauses_when_its_lease_may_have_run_out(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create("film").await;
    let relay = Relay::to(&stage.server.url).await;
    let mut worker = stage.worker_at(&relay.url, &["--lease-seconds", "3"], &["sh", "-c", RENDER]);
    stage
        .until("film", |job| job["current_stage"] == "up")
        .await;
    relay.cut();
    worker.says("film pauses").await;
    let program = pids(&stage.read("pids"))[0];
    eventually(|| (state(program) == Some('T')).then_some(())).await;
    // The server gave the job back to the queue meanwhile: the program that comes back too late is
    // ended.
    stage.until("film", |job| job["status"] == "queued").await;
    relay.lead_to(&stage.server.url);
    worker.says("film dropped").await;
    gone(&[program]).await;
    assert!(!stage.path("done").exists());
    worker.stop().await;
}

#[on_both]
async fn a_worker_that_stops_while_the_server_is_away_says_what_it_could_not_tell(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create("film").await;
    let relay = Relay::to(&stage.server.url).await;
    let mut worker = stage.worker_at(&relay.url, &["--lease-seconds", "3"], &["sh", "-c", RENDER]);
    stage
        .until("film", |job| job["current_stage"] == "up")
        .await;
    relay.cut();
    worker.signal("TERM").await;
    worker
        .says_all(&["film dropped", "did not take the outcome"])
        .await;
    assert_eq!(worker.ends().await.code(), Some(1));
    gone(&pids(&stage.read("pids"))).await;
    stage.until("film", |job| job["status"] == "queued").await;
}
