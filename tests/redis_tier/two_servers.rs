//! Two servers and 128 clients that jump between them, while Redis is killed, stopped, emptied and
//! short of memory. No call fails, a server never answers with a job older than a write that it
//! answered, and a client that names the version it knows never gets an older one.

use super::{one_redis::OneRedis, percent, server};
use crate::support::{Backend, Fixture, Patience, TestApp, at_once};
use callsheet::{
    db::REDIS_BUDGET,
    jobs::{JobManager, ReadSource},
};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

const CLIENTS: usize = 128;
const CALLS: usize = 40;
const JOBS: usize = 16;

struct Checker {
    servers: [JobManager; 2],
    jobs: Vec<String>,
    /// Newest version of each job that each server answered a write with.
    written: [Vec<AtomicI64>; 2],
    /// Progress of each version of each job.
    progress: Mutex<HashMap<(usize, i64), f64>>,
    calls: AtomicU64,
    of_redis: AtomicU64,
}

impl Checker {
    async fn write(&self, at: usize, job: usize, rng: &mut fastrand::Rng) -> i64 {
        let value = percent((rng.f64() * 100_000.0).round() / 1000.0);
        let written = self.servers[at].update_progress(&self.jobs[job], value, None);
        let written = written.await.expect("a write does not fail");
        self.written[at][job].fetch_max(written.version, Ordering::SeqCst);
        let version = (job, written.version);
        self.progress
            .lock()
            .unwrap()
            .insert(version, written.progress);
        written.version
    }

    async fn read(&self, at: usize, job: usize, known: i64) -> i64 {
        let least = self.written[at][job].load(Ordering::SeqCst).max(known);
        let read = self.servers[at].view_job(&self.jobs[job], known).await;
        let (read, source) = read.expect("a read does not fail");
        let version = read.job.version;
        assert!(
            version >= least,
            "{version} instead of {least}, from {source:?}"
        );
        let told = self.progress.lock().unwrap().get(&(job, version)).copied();
        assert!(
            told.is_none_or(|told| told == read.job.progress),
            "another job's row"
        );
        if source == ReadSource::Redis {
            self.of_redis.fetch_add(1, Ordering::SeqCst);
        }
        version
    }

    async fn client(self: Arc<Self>, seed: u64) {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut known = [0; JOBS];
        for _ in 0..CALLS {
            let (at, job) = (rng.usize(..2), rng.usize(..JOBS));
            let seen = if rng.u8(..8) == 0 {
                self.write(at, job, &mut rng).await
            } else {
                // Every other read names the version that the client knows.
                let named = if rng.bool() { known[job] } else { 0 };
                self.read(at, job, named).await
            };
            known[job] = known[job].max(seen);
            self.calls.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Waits until the clients have made this many calls more.
    async fn later(&self, calls: u64) {
        let until = self.calls.load(Ordering::SeqCst) + calls;
        let until = until.min((CLIENTS * CALLS) as u64);
        let patience = Patience::begin();
        while self.calls.load(Ordering::SeqCst) < until {
            patience.pause("the clients go on").await;
        }
    }
}

async fn trouble(redis: &mut OneRedis, checker: &Checker) {
    let all = (CLIENTS * CALLS) as u64;
    for _ in 0..2 {
        redis.run(&["FLUSHALL"]).await;
        checker.later(all / 16).await;
        redis.signal("STOP").await;
        checker.later(all / 16).await;
        redis.signal("CONT").await;
        checker.later(all / 16).await;
        redis.kill().await;
        checker.later(all / 16).await;
        redis.again().await;
        checker.later(all / 16).await;
        redis
            .run(&["CONFIG", "SET", "maxmemory-policy", "allkeys-random"])
            .await;
        redis.run(&["CONFIG", "SET", "maxmemory", "1"]).await;
        checker.later(all / 16).await;
        redis.run(&["CONFIG", "SET", "maxmemory", "0"]).await;
        checker.later(all / 16).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_client_of_128_reads_behind_its_writes_while_redis_is_in_trouble() {
    let app = TestApp::set_up(Backend::Postgres).await;
    let mut redis = OneRedis::start().await;
    let mut jobs = Vec::new();
    for _ in 0..JOBS {
        jobs.push(app.started().await.id);
    }
    let versions = || (0..JOBS).map(|_| AtomicI64::new(0)).collect();
    let checker = Arc::new(Checker {
        servers: [
            // One with a cache in memory before Redis, and one without.
            server(&app, &redis.url, REDIS_BUDGET * 10, 100).await,
            server(&app, &redis.url, REDIS_BUDGET * 10, 0).await,
        ],
        jobs,
        written: [versions(), versions()],
        progress: Mutex::default(),
        calls: AtomicU64::new(0),
        of_redis: AtomicU64::new(0),
    });
    let clients = (0..CLIENTS as u64).map(|seed| checker.clone().client(seed));
    let clients: Vec<_> = clients.collect();
    let running = tokio::spawn(at_once(clients));
    trouble(&mut redis, &checker).await;
    running.await.unwrap();
    let hits = checker.of_redis.load(Ordering::SeqCst);
    println!(
        "{} calls, {hits} of them answered by Redis",
        CLIENTS * CALLS
    );
    assert!(hits > 0, "Redis answers between its troubles");
    for (n, id) in checker.jobs.iter().enumerate() {
        let last = app.get_job(id).await.unwrap();
        for at in [0, 1] {
            let read = checker.read(at, n, last.version).await;
            assert_eq!(read, last.version);
        }
    }
    redis.stop().await;
    for jobs in &checker.servers {
        jobs.database().clone().close().await.unwrap();
    }
    app.tear_down().await;
}
