//! Outages of three lease times under ten workers, which cost no attempt and no finished item.

use super::stage::Stage;
use crate::support::{Backend, Postgres, Server, TestDb};
use serde_json::json;
use std::{collections::BTreeSet, time::Duration};

const JOBS: usize = 10;
const LEASE_SECONDS: &str = "2";
const OUTAGE: Duration = Duration::from_secs(6);

/// Renders an item, waits for the end of the outage, and renders two more.
const RENDER: &str = r#"
    for i in 1 2 3; do
        echo "$CALLSHEET_JOB_ID $i" >> rendered
        echo '{"item": {"key": "'$i'", "status": "completed"}}'
        while [ ! -e go ]; do sleep 0.05; done
    done
    echo '{"result": {"of": "'$CALLSHEET_JOB_ID'"}}'"#;

fn film(n: usize) -> String {
    format!("film-{n}")
}

/// Runs ten workers, each with its job, through an outage.
async fn play(mut stage: Stage, outage: impl AsyncFnOnce(&mut Stage)) {
    let address = stage.server.url.clone();
    let mut workers = Vec::new();
    for n in 0..JOBS {
        stage.create(&film(n)).await;
        let args = ["--lease-seconds", LEASE_SECONDS];
        workers.push(stage.worker_at(&address, &args, &["sh", "-c", RENDER]));
    }
    for n in 0..JOBS {
        let has_begun = |job: &serde_json::Value| job["completed_shots"] == 1;
        stage.until(&film(n), has_begun).await;
    }
    outage(&mut stage).await;
    std::fs::write(stage.path("go"), "").unwrap();
    for n in 0..JOBS {
        let job = stage
            .until(&film(n), |job| job["status"] == "completed")
            .await;
        let found = json!([job["attempt"], job["completed_shots"], job["result"]["of"]]);
        assert_eq!(found, json!([1, 3, film(n)]), "{job}");
    }
    let rendered = stage.read("rendered");
    let different: BTreeSet<_> = rendered.lines().collect();
    assert_eq!(different.len(), 3 * JOBS);
    assert_eq!(
        rendered.lines().count(),
        3 * JOBS,
        "an item was rendered again"
    );
    for worker in workers {
        worker.stop().await;
    }
}

#[on_both]
async fn three_lease_times_without_the_server_cost_ten_workers_nothing(db: TestDb) {
    let url = db.url.clone();
    play(Stage::at(&db).await, async |stage| {
        let address = stage.server.url.replace("http://", "");
        stage.server.kill_now().await;
        tokio::time::sleep(OUTAGE).await;
        stage.server = Server::start_at(&address, &url, &[]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_lease_times_without_postgres_cost_ten_workers_nothing() {
    let mut postgres = Postgres::start().await;
    play(Stage::on(&postgres.url, &[]).await, async |_| {
        postgres.go_away().await;
        tokio::time::sleep(OUTAGE).await;
        postgres.come_back().await;
    })
    .await;
    postgres.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stands_still_for_three_lease_times_costs_ten_workers_nothing() {
    let db = TestDb::migrated(Backend::Sqlite).await;
    play(Stage::at(&db).await, async |stage| {
        stage.server.signal("STOP").await;
        tokio::time::sleep(OUTAGE).await;
        stage.server.signal("CONT").await;
    })
    .await;
}
