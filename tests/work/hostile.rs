//! A hostile proxy between workers and their server, which answers at random: 2 % of each of ten
//! wrong answers, of cut connections, of cut answers and of delays.

use super::{
    proxied::WRONG,
    proxy::{Deed, Proxy},
    stage::Stage,
};
use crate::support::{Backend, Postgres, TestDb, setting};
use serde_json::json;
use std::time::{Duration, Instant};

const WORKERS: usize = 2;
const CONCURRENCY: usize = 8;
const ITEMS: usize = 3;

/// Longer than the last job takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(300);

struct Plan {
    jobs: usize,
    lasts: Duration,
    seed: u64,
}

/// One of the wrong answers, or none, with these chances in percent.
fn deed(rng: &mut fastrand::Rng) -> Deed {
    let wrong = |n: usize| WRONG[n * WRONG.len() / 10];
    match rng.usize(..50) {
        n @ ..10 if rng.bool() => Deed::Answer(wrong(n).0, wrong(n).1),
        n @ ..10 => Deed::Replace(wrong(n).0, wrong(n).1),
        10 => Deed::Cut,
        11 => Deed::CutAnswer(rng.usize(..100)),
        12 => Deed::Delay(Duration::from_millis(rng.u64(..1500))),
        _ => Deed::Pass,
    }
}

async fn play(database_url: &str, plan: Plan) {
    let stage = Stage::on(database_url, &[]).await;
    let mut rng = fastrand::Rng::with_seed(plan.seed);
    let proxy = Proxy::to(&stage.server.url, Box::new(move |_, _| deed(&mut rng))).await;
    for n in 0..plan.jobs {
        stage.create(&format!("film-{n}")).await;
    }
    let pause =
        plan.lasts.as_secs_f64() * (WORKERS * CONCURRENCY) as f64 / (plan.jobs * ITEMS) as f64;
    let script = format!(
        r#"echo $CALLSHEET_JOB_ID >> runs; i=0; while [ $i -lt {ITEMS} ]; do i=$((i+1)); sleep {pause}
           echo '{{"item": {{"key": "'$i'", "status": "completed", "result": {{"n": '$i'}}}}}}'; done
           echo '{{"result": {{"of": "'$CALLSHEET_JOB_ID'"}}}}'"#
    );
    let begun = Instant::now();
    let slots = CONCURRENCY.to_string();
    let workers: Vec<_> = (0..WORKERS)
        .map(|_| {
            stage.worker_at(
                &proxy.url,
                &["--concurrency", &slots],
                &["sh", "-c", &script],
            )
        })
        .collect();
    let is_over = async || {
        let counts = stage.get("/jobs/counts").await;
        counts["completed"] == plan.jobs
    };
    while !is_over().await {
        assert!(
            begun.elapsed() < plan.lasts + PATIENCE,
            "{}",
            stage.get("/jobs/counts").await
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    println!(
        "seed {}: {} jobs in {:.1?}",
        plan.seed,
        plan.jobs,
        begun.elapsed()
    );
    proxy.change(|_, _| Deed::Pass);
    for n in 0..plan.jobs {
        let id = format!("film-{n}");
        let job = stage.job(&id).await;
        let done = json!([
            job["status"],
            job["attempt"],
            job["completed_shots"],
            job["result"]["of"]
        ]);
        assert_eq!(
            done,
            json!(["completed", 1, ITEMS, id]),
            "seed {}",
            plan.seed
        );
    }
    let mut runs: Vec<_> = stage.read("runs").lines().map(str::to_owned).collect();
    runs.sort();
    runs.dedup();
    assert_eq!(
        runs.len(),
        stage.read("runs").lines().count(),
        "no job is run twice"
    );
    for worker in workers {
        worker.stop().await;
    }
}

#[on_both]
async fn a_proxy_that_answers_at_random_costs_no_attempt(db: TestDb) {
    let plan = Plan {
        jobs: 60,
        lasts: Duration::from_secs(3),
        seed: 20_261_128,
    };
    play(&db.url, plan).await;
}

/// As scripts/hostile-proxy says.
fn long() -> Plan {
    Plan {
        jobs: setting("CALLSHEET_PROXY_JOBS").unwrap_or(500),
        lasts: Duration::from_secs(setting("CALLSHEET_PROXY_SECONDS").unwrap_or(600)),
        seed: setting("CALLSHEET_PROXY_SEED").unwrap_or(1),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/hostile-proxy runs it for as long as it is told to"]
async fn a_long_trial_on_postgres() {
    let postgres = Postgres::start().await;
    play(&postgres.url.clone(), long()).await;
    postgres.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/hostile-proxy runs it for as long as it is told to"]
async fn a_long_trial_on_sqlite() {
    let db = TestDb::migrated(Backend::Sqlite).await;
    play(&db.url, long()).await;
}
