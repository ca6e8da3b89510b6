//! Jobs a second of graphile_worker on PostgreSQL or of apalis on SQLite, in a fresh database: put
//! in by batches, then taken and completed, as fast as each can with the means that its own
//! benchmark or guide uses. One line of JSON.
//!
//! usage: callsheet-bench-peers graphile_worker POSTGRES_URL JOBS
//!        callsheet-bench-peers apalis SQLITE_FILE JOBS

use apalis::prelude::*;
use apalis_sqlite::{Config, SqlitePool, SqliteStorage};
use graphile_worker::{
    IntoTaskHandlerResult, JobSpec, LocalQueueConfig, RawJobSpec, TaskHandler, WorkerContext as Context, WorkerOptions,
};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// Jobs that are put in by one call.
const BATCH: usize = 500;

/// Between two looks whether the completions of all jobs are written down.
const SETTLING: Duration = Duration::from_millis(5);

/// Counts down the jobs that are left.
#[derive(Clone, Debug)]
struct Left(Arc<(AtomicUsize, Notify)>);

impl Left {
    fn of(jobs: usize) -> Self {
        Self(Arc::new((AtomicUsize::new(jobs), Notify::new())))
    }

    fn done(&self) {
        if self.0.0.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.1.notify_one();
        }
    }

    async fn none(&self) {
        self.0.1.notified().await;
    }
}

#[derive(Serialize, Deserialize)]
struct Video {
    idea: usize,
}

impl TaskHandler for Video {
    const IDENTIFIER: &'static str = "video";

    async fn run(self, context: Context) -> impl IntoTaskHandlerResult {
        if let Some(left) = context.get_ext::<Left>() {
            left.done();
        }
        Ok::<(), String>(())
    }
}

fn tell(peer: &str, database: &str, jobs: usize, create: Duration, work: Duration) {
    let rate = |took: Duration| (jobs as f64 / took.as_secs_f64()).round();
    let line = serde_json::json!({
        "peer": peer, "database": database, "jobs": jobs, "created_per_second": rate(create), "completed_per_second": rate(work),
    });
    println!("{line}");
}

/// The settings of its own benchmark, perf_test: 500 at once, 5,000 taken ahead, completions
/// gathered for 5 ms.
async fn graphile_worker(url: &str, jobs: usize) {
    let left = Left::of(jobs);
    let worker = WorkerOptions::default()
        .database_url(url)
        .max_pg_conn(20)
        .concurrency(500)
        .poll_interval(Duration::from_millis(5))
        .complete_job_batch_delay(Duration::from_millis(5))
        .local_queue(LocalQueueConfig::default().with_size(5000))
        .add_extension(left.clone())
        .define_job::<Video>()
        .init()
        .await
        .expect("a worker");
    let utils = worker.create_utils();
    let began = Instant::now();
    for first in (0..jobs).step_by(BATCH) {
        let job = |idea| RawJobSpec {
            identifier: "video".to_owned(),
            payload: serde_json::json!({"idea": idea}),
            spec: JobSpec::default(),
        };
        let batch: Vec<_> = (first..jobs.min(first + BATCH)).map(job).collect();
        utils.add_raw_jobs(&batch).await.expect("jobs are added");
    }
    let create = began.elapsed();
    let worker = Arc::new(worker);
    let pool = PgPool::connect(url).await.expect("a connection");
    let began = Instant::now();
    let running = tokio::spawn({
        let worker = worker.clone();
        async move { worker.run().await }
    });
    left.none().await;
    // Completed jobs are deleted, some time after they ran.
    while sqlx::query_scalar("SELECT EXISTS (SELECT FROM graphile_worker._private_jobs)")
        .fetch_one(&pool)
        .await
        .expect("an answer")
    {
        tokio::time::sleep(SETTLING).await;
    }
    let work = began.elapsed();
    worker.request_shutdown();
    let _ = running.await;
    tell("graphile_worker 0.14.1", "PostgreSQL", jobs, create, work);
}

async fn apalis(file: &str, jobs: usize) {
    let pool = SqlitePool::connect(&format!("sqlite://{file}?mode=rwc")).await.expect("a database");
    SqliteStorage::setup(&pool).await.expect("its tables");
    let config = Config::default().queue("video").batch_size(BATCH);
    let mut storage = SqliteStorage::new(&pool).with_config(config);
    let began = Instant::now();
    for first in (0..jobs).step_by(BATCH) {
        let batch = (first..jobs.min(first + BATCH)).map(|idea| Video { idea }).collect();
        storage.push_bulk(batch).await.expect("jobs are added");
    }
    let create = began.elapsed();
    let left = Left::of(jobs);
    let counted = left.clone();
    let work = move |_: Video| {
        counted.done();
        std::future::ready(Ok::<(), BoxDynError>(()))
    };
    let began = Instant::now();
    let worker = WorkerBuilder::new("bench").backend(storage).concurrency(BATCH).build(work);
    tokio::select! {
        ended = worker.run() => panic!("the worker ended by itself: {ended:?}"),
        () = async {
            left.none().await;
            while sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM Jobs WHERE status <> 'Done')").fetch_one(&pool).await.expect("an answer") {
                tokio::time::sleep(SETTLING).await;
            }
        } => {}
    }
    let took = began.elapsed();
    tell("apalis-sqlite 1.0.0", "SQLite", jobs, create, took);
}

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().collect();
    let jobs = words.get(3).and_then(|jobs| jobs.parse().ok());
    match (words.get(1).map(String::as_str), jobs) {
        (Some("graphile_worker"), Some(jobs)) => graphile_worker(&words[2], jobs).await,
        (Some("apalis"), Some(jobs)) => apalis(&words[2], jobs).await,
        _ => panic!("usage: callsheet-bench-peers graphile_worker|apalis DATABASE JOBS"),
    }
}
