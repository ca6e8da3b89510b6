//! The runs.

use super::{cast::Cast, postgres::Postgres, verdict::Verdict, worker::HELD};
use crate::support::{Backend, TestDb, callsheet};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const JOBS: usize = 2000;
const WORKERS: usize = 6;
const SEED: u64 = 20_261_124;
const BETWEEN_KILLS: Duration = Duration::from_millis(200);

/// Killing ends when so many jobs are left: the last ones would be killed for ever.
const LEFT: u64 = 200;

/// Longer than a run takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(600);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_servers_and_six_workers_on_postgres_lose_nothing() {
    let mut postgres = Postgres::start().await;
    let url = postgres.url.clone();
    chaos(&url, 3, Some(&mut postgres)).await;
    postgres.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_server_and_six_workers_on_sqlite_lose_nothing() {
    let db = TestDb::migrated(Backend::Sqlite).await;
    chaos(&db.url, 1, None).await;
}

async fn chaos(url: &str, servers: usize, mut postgres: Option<&mut Postgres>) {
    let migrated = callsheet(&["migrate", "up", "--database-url", url]).status().await.unwrap();
    assert!(migrated.success());
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger");
    let mut cast = Cast::begin(url, servers, WORKERS, ledger.clone());
    let watch = Watch { urls: cast.urls(), client: reqwest::Client::builder().no_proxy().build().unwrap() };
    watch.create().await;
    let (mut rng, began) = (fastrand::Rng::with_seed(SEED), Instant::now());
    let (mut kills, mut worker_kills) = (0, 0);
    while watch.left().await > LEFT {
        tokio::time::sleep(BETWEEN_KILLS).await;
        worker_kills += usize::from(cast.kill_one(&mut rng).await);
        kills += 1;
        if kills == 25
            && let Some(postgres) = postgres.take()
        {
            postgres.crash().await;
        }
        assert!(began.elapsed() < PATIENCE, "{} jobs are left after {kills} kills", watch.left().await);
    }
    while watch.left().await > 0 {
        tokio::time::sleep(BETWEEN_KILLS).await;
        assert!(began.elapsed() < PATIENCE, "{} jobs are left when nobody was killed any more", watch.left().await);
    }
    let took = began.elapsed();
    cast.end().await;
    // A killed worker held what it had claimed, a killed server what it was about to give to each worker.
    let held = worker_kills * HELD + (kills - worker_kills) * WORKERS * HELD;
    let verdict = Verdict::of(url, JOBS, held, &ledger).await;
    println!("{JOBS} jobs in {took:.1?}, {kills} kills, {worker_kills} of workers, {} jobs rescued", verdict.rescued);
    assert_eq!(verdict.wrong, Vec::<String>::new());
}

struct Watch {
    urls: Vec<String>,
    client: reqwest::Client,
}

impl Watch {
    async fn create(&self) {
        for batch in 0..JOBS / 500 {
            let items = [json!({"key": "a"}), json!({"key": "b"}), json!({"key": "c"})];
            let job = json!({"job_type": "chaos", "max_attempts": 100, "items": items});
            let body = json!({"jobs": vec![job; 500]});
            while self.create_batch(batch, &body).await.is_none() {
                tokio::time::sleep(BETWEEN_KILLS).await;
            }
        }
    }

    async fn create_batch(&self, batch: usize, body: &Value) -> Option<()> {
        let request = self.client.post(format!("{}/api/v1/jobs/bulk", self.urls[0])).json(body);
        let answer = request.header("idempotency-key", format!("batch-{batch}")).send().await.ok()?;
        answer.status().is_success().then_some(())
    }

    /// Jobs that have not ended, as the first server that answers has it.
    async fn left(&self) -> u64 {
        loop {
            for url in &self.urls {
                let Ok(answer) = self.client.get(format!("{url}/api/v1/jobs/counts")).send().await else { continue };
                if let (true, Ok(counts)) = (answer.status().is_success(), answer.json::<Value>().await) {
                    return counts["queued"].as_u64().unwrap() + counts["processing"].as_u64().unwrap();
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
