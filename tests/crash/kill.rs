//! `kill -9` of the server, and crashes of PostgreSQL, at random moments. `scripts/soak` does it
//! for longer.

use super::{crowd::Crowd, verdict::Verdict};
use crate::support::{Backend, Postgres, Server, TestDb, callsheet, setting};
use std::{
    ops::RangeInclusive,
    time::{Duration, Instant},
};

const SEED: u64 = 20_260_131;

/// Answers from a start on before the time to the next kill begins, at most.
const MOST: usize = 40;

/// PostgreSQL crashes instead of the server, or with it, each time after so many kills.
const CRASH: usize = 8;

/// How many kills, and how far apart.
struct Plan {
    seed: u64,
    kills: usize,
    /// Killing ends after this time at the latest.
    lasts: Duration,
    /// Milliseconds of work before a kill.
    works: RangeInclusive<u64>,
}

const SHORT: Plan = Plan {
    seed: SEED,
    kills: 15,
    lasts: Duration::MAX,
    works: 50..=400,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_the_server_on_sqlite_lose_nothing_that_was_answered() {
    on_sqlite(&SHORT).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_the_server_and_of_postgres_lose_nothing_that_was_answered() {
    on_postgres(&SHORT).await;
}

/// As `scripts/soak` says.
fn long() -> Plan {
    let seed = setting("CALLSHEET_SOAK_SEED").unwrap_or(SEED);
    let kills = setting("CALLSHEET_SOAK_KILLS").unwrap_or(100);
    let lasts = setting("CALLSHEET_SOAK_SECONDS").map_or(Duration::MAX, Duration::from_secs);
    Plan {
        seed,
        kills,
        lasts,
        works: 50..=800,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/soak runs it with as many kills as it is given"]
async fn a_soak_on_sqlite() {
    on_sqlite(&long()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/soak runs it with as many kills as it is given"]
async fn a_soak_on_postgres() {
    on_postgres(&long()).await;
}

async fn on_sqlite(plan: &Plan) {
    let db = TestDb::migrated(Backend::Sqlite).await;
    soak("sqlite", &db.url, plan, None).await;
}

async fn on_postgres(plan: &Plan) {
    let mut postgres = Postgres::start().await;
    let url = postgres.url.clone();
    soak("postgres", &url, plan, Some(&mut postgres)).await;
    postgres.stop().await;
}

/// What was done to the server and its database.
#[derive(Default)]
struct Done {
    strikes: usize,
    kills: usize,
    starts: usize,
    crashes: usize,
    slowest: Duration,
}

/// A server that is killed again and again, and what it serves from.
struct Scene<'a> {
    url: &'a str,
    postgres: Option<&'a mut Postgres>,
    rng: fastrand::Rng,
    done: Done,
}

async fn soak(database: &str, url: &str, plan: &Plan, postgres: Option<&mut Postgres>) {
    let rng = fastrand::Rng::with_seed(plan.seed);
    let mut scene = Scene {
        url,
        postgres,
        rng,
        done: Done::default(),
    };
    let mut server = scene.start().await;
    let mut crowd = Crowd::at_work(&server.url, plan.seed);
    let began = Instant::now();
    while scene.done.kills < plan.kills && began.elapsed() < plan.lasts {
        let time = Duration::from_millis(scene.rng.u64(plan.works.clone()));
        crowd
            .works(&mut server, scene.rng.usize(1..=MOST), time)
            .await;
        server = scene.strike(server, &crowd).await;
    }
    crowd.answers(&mut server, 1).await;
    let mut ledger = crowd.end().await;
    let counts = server
        .client
        .get(server.at("/api/v1/jobs/counts"))
        .send()
        .await
        .unwrap();
    ledger.counts = Some(counts.json().await.unwrap());
    assert!(server.stop("TERM").await.success());

    let verdict = Verdict::of(url, &ledger).await;
    let Done {
        kills,
        starts,
        crashes,
        slowest,
        ..
    } = scene.done;
    println!(
        "{database}: seed {}, {kills} kills, {starts} starts (the slowest {slowest:.1?}), {crashes} crashes of the \
         database, {:.0?}; {}",
        plan.seed,
        began.elapsed(),
        verdict.summary(&ledger)
    );
    let again = format!(
        "scripts/soak --database {database} --seed {} --kills {kills}",
        plan.seed
    );
    assert_eq!(verdict.faults, [], "it may come again with: {again}");
    assert!(
        ledger.calls.unanswered >= kills / 2,
        "most kills came between the calls"
    );
}

impl Scene<'_> {
    /// Answers when the server serves. Now and then one before it is killed while it starts.
    async fn start(&mut self) -> Server {
        if self.done.starts > 0 && self.rng.u8(..20) == 0 {
            let serve = [
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--database-url",
                self.url,
            ];
            let mut early = callsheet(&serve)
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap();
            tokio::time::sleep(Duration::from_millis(self.rng.u64(..200))).await;
            early.kill().await.unwrap();
            self.done.kills += 1;
        }
        let began = Instant::now();
        let server = Server::start(self.url).await;
        self.done.starts += 1;
        self.done.slowest = self.done.slowest.max(began.elapsed());
        server
    }

    /// Kills the server, crashes PostgreSQL below it, or both. Answers with the server that serves
    /// then.
    async fn strike(&mut self, server: Server, crowd: &Crowd) -> Server {
        self.done.strikes += 1;
        let crash = self.postgres.is_some() && self.done.strikes.is_multiple_of(CRASH);
        if crash && self.rng.bool() {
            self.crash().await;
            return server;
        }
        server.kill().await;
        self.done.kills += 1;
        if crash {
            self.crash().await;
        }
        let next = self.start().await;
        let heavy = self.rng.u8(..6) == 0;
        crowd.go_on_at(&next.url, heavy);
        next
    }

    async fn crash(&mut self) {
        if let Some(postgres) = &mut self.postgres {
            postgres.crash().await;
            self.done.crashes += 1;
        }
    }
}
