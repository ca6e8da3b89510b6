//! The runs.

use super::{cast::Cast, verdict::Verdict, watch::Watch, worker::HELD};
use crate::support::{Backend, Postgres, TestDb, callsheet, setting};
use std::time::{Duration, Instant};

const WORKERS: usize = 6;
const SEED: u64 = 20_261_124;
const BETWEEN_KILLS: Duration = Duration::from_millis(200);

/// Anything is killed in the first part of each cycle, and in the rest a worker now and then, so
/// that jobs of killed workers are rescued: a server finds no lease ended in the first 12 seconds
/// after its start.
const CYCLE: Duration = Duration::from_secs(24);
const STORM: Duration = Duration::from_secs(8);
const BETWEEN_CALM_KILLS: Duration = Duration::from_millis(1500);

/// Kills before the first crash of PostgreSQL.
const FIRST_CRASH: usize = 25;

/// Killing ends when so many jobs are left: the last ones would be killed for ever.
const LEFT: u64 = 200;

/// Longer than a run takes on a loaded machine, once no more jobs come.
const PATIENCE: Duration = Duration::from_secs(600);

/// How long, and how hard.
struct Plan {
    servers: usize,
    seed: u64,
    /// Jobs at the beginning.
    batches: usize,
    /// More jobs come for so long.
    lasts: Duration,
    /// After how many kills PostgreSQL crashes again, and a server hangs instead of being killed.
    crash: usize,
    hang: usize,
    /// After how many kills of a calm time a clock is set; it is right again before a lease is
    /// found ended.
    clock: usize,
}

/// 2,000 jobs; PostgreSQL crashes once.
const SHORT: Plan = Plan {
    servers: 1,
    seed: SEED,
    batches: 4,
    lasts: Duration::ZERO,
    crash: usize::MAX,
    hang: usize::MAX,
    clock: usize::MAX,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_servers_and_six_workers_on_postgres_lose_nothing() {
    let mut postgres = Postgres::start().await;
    let url = postgres.url.clone();
    chaos(
        &url,
        &Plan {
            servers: 3,
            ..SHORT
        },
        Some(&mut postgres),
    )
    .await;
    postgres.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_server_and_six_workers_on_sqlite_lose_nothing() {
    let db = TestDb::migrated(Backend::Sqlite).await;
    chaos(&db.url, &SHORT, None).await;
}

/// As scripts/chaos says.
fn long() -> Plan {
    let lasts = Duration::from_secs(setting("CALLSHEET_CHAOS_SECONDS").unwrap_or(60));
    let seed = setting("CALLSHEET_CHAOS_SEED").unwrap_or(SEED);
    Plan {
        seed,
        lasts,
        crash: 100,
        hang: 10,
        clock: 4,
        ..SHORT
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/chaos runs it for as long as it is told to"]
async fn a_long_run_on_postgres() {
    let mut postgres = Postgres::start().await;
    let url = postgres.url.clone();
    chaos(
        &url,
        &Plan {
            servers: 3,
            ..long()
        },
        Some(&mut postgres),
    )
    .await;
    postgres.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/chaos runs it for as long as it is told to"]
async fn a_long_run_on_sqlite() {
    let db = TestDb::migrated(Backend::Sqlite).await;
    chaos(&db.url, &long(), None).await;
}

/// What was done to the cast.
#[derive(Default)]
struct Done {
    kills: usize,
    of_workers: usize,
    crashes: usize,
    hangs: usize,
    clocks: usize,
}

impl Done {
    /// How many jobs may have been in the hands of the dead: a killed worker held what it had
    /// claimed, and a server, or a database, what it was about to give to each worker.
    fn held(&self) -> usize {
        let servers = self.kills - self.of_workers + self.crashes + self.hangs;
        (self.of_workers + servers * WORKERS) * HELD
    }
}

async fn chaos(url: &str, plan: &Plan, mut postgres: Option<&mut Postgres>) {
    let migrated = callsheet(&["migrate", "up", "--database-url", url])
        .status()
        .await
        .unwrap();
    assert!(migrated.success());
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger");
    let mut cast = Cast::begin(url, plan.servers, WORKERS, ledger.clone());
    let mut watch = Watch::of(cast.urls());
    for _ in 0..plan.batches {
        watch.create().await;
    }
    let (mut rng, began, mut done) = (
        fastrand::Rng::with_seed(plan.seed),
        Instant::now(),
        Done::default(),
    );
    loop {
        let left = watch.left().await;
        match (began.elapsed() < plan.lasts, left > LEFT) {
            (true, _) if left < 2 * LEFT => watch.create().await,
            (false, false) => break,
            _ => {}
        }
        let storm = began.elapsed().as_secs() % CYCLE.as_secs() < STORM.as_secs();
        tokio::time::sleep(if storm {
            BETWEEN_KILLS
        } else {
            BETWEEN_CALM_KILLS
        })
        .await;
        if !storm && (done.kills + done.clocks) % plan.clock == plan.clock - 1 {
            cast.set_one_clock(&mut rng);
            done.clocks += 1;
        } else if storm && (done.kills + done.hangs) % plan.hang == plan.hang - 1 {
            cast.hang_one(&mut rng).await;
            done.hangs += 1;
        } else {
            done.of_workers += usize::from(cast.kill_one(&mut rng, storm).await);
            done.kills += 1;
        }
        let next_crash = done
            .crashes
            .saturating_mul(plan.crash)
            .saturating_add(FIRST_CRASH);
        if let Some(postgres) = postgres
            .as_mut()
            .filter(|_| storm && done.kills >= next_crash)
        {
            postgres.crash().await;
            done.crashes += 1;
        }
        assert!(
            began.elapsed() < plan.lasts + PATIENCE,
            "{left} jobs are left after {} kills",
            done.kills
        );
    }
    while watch.left().await > 0 {
        tokio::time::sleep(BETWEEN_KILLS).await;
        assert!(
            began.elapsed() < plan.lasts + PATIENCE,
            "jobs are left when nobody was killed any more"
        );
    }
    let took = began.elapsed();
    cast.end().await;
    let verdict = Verdict::of(url, watch.jobs(), done.held(), &ledger).await;
    let Done {
        kills,
        of_workers,
        crashes,
        hangs,
        clocks,
    } = done;
    println!(
        "seed {}: {} jobs in {took:.1?}, {kills} kills, {of_workers} of workers, {crashes} crashes of PostgreSQL, \
         {hangs} servers that hung, {clocks} clocks set by an hour, {} jobs rescued",
        plan.seed,
        watch.jobs(),
        verdict.rescued
    );
    assert_eq!(verdict.wrong, Vec::<String>::new());
}
