//! Create, claim, complete: through JobManager, by the same statements alone, and over HTTP.

use crate::{
    Arguments, check, claim, fresh,
    http::Http,
    manager,
    work::{Took, Way, through},
};
use callsheet::{
    db::{Database, Observer, Options},
    jobs::{AttemptReport, Claimed, Ending, JobManager, NewJob},
};
use sea_orm::{
    ConnectionTrait, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use std::{
    ops::Range,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// The statements of each call.
type Calls = Vec<Vec<Statement>>;

pub async fn measure(arguments: &Arguments, backend: &str) {
    let &Arguments {
        jobs,
        batch,
        workers,
        ..
    } = arguments;
    println!(
        "{backend}: {jobs} jobs, {batch} a call, {workers} at work, each with its history, in \
        jobs/s"
    );
    println!(
        "  {:<34} {:>9} {:>9} {:>9} {:>16}",
        "", "create", "claim", "complete", "claim+complete"
    );
    let in_process = in_process(arguments, backend).await;
    show("JobManager", jobs, &in_process);
    let [recorded, alone] = [
        fresh(arguments, backend, "recorded").await,
        fresh(arguments, backend, "raw").await,
    ];
    let calls = record(arguments, &recorded).await;
    let raw = replay(&alone, calls).await;
    check::same_rows(&recorded, &alone).await;
    check::all_completed(&alone, jobs).await;
    show("the same statements alone", jobs, &raw);
    let served = over_http(arguments, backend).await;
    show("HTTP", jobs, &served);
    println!(
        "  JobManager to raw: create {:.2}, claim + complete {:.2}; HTTP to JobManager: create \
        {:.2}, claim + complete {:.2}",
        raw.create.as_secs_f64() / in_process.create.as_secs_f64(),
        raw.work.as_secs_f64() / in_process.work.as_secs_f64(),
        in_process.create.as_secs_f64() / served.create.as_secs_f64(),
        in_process.work.as_secs_f64() / served.work.as_secs_f64(),
    );
}

/// A line of JSON for each way, as benches/peers tells of other queues.
pub async fn measure_as_peer(arguments: &Arguments, backend: &str) {
    let tell = |how: &str, took: &Took| {
        let rate = |took: Duration| (arguments.jobs as f64 / took.as_secs_f64()).round();
        let line = serde_json::json!({
            "peer": format!("Callsheet, {how}"), "database": backend, "jobs": arguments.jobs,
            "created_per_second": rate(took.create), "completed_per_second": rate(took.work),
        });
        println!("{line}");
    };
    tell("in the process", &in_process(arguments, backend).await);
    tell("over HTTP", &over_http(arguments, backend).await);
}

async fn in_process(arguments: &Arguments, backend: &str) -> Took {
    let url = fresh(arguments, backend, "service").await;
    let service = manager(&url, None).await;
    let took = through(service.clone(), arguments).await;
    service.database().clone().close().await.unwrap();
    check::all_completed(&url, arguments.jobs).await;
    took
}

async fn over_http(arguments: &Arguments, backend: &str) -> Took {
    let url = fresh(arguments, backend, "http").await;
    let took = through(Http::serve(&url).await, arguments).await;
    check::all_completed(&url, arguments.jobs).await;
    took
}

fn show(what: &str, jobs: usize, took: &Took) {
    let rate = |took: Duration| format!("{:.0}", jobs as f64 / took.as_secs_f64());
    let (create, claim, complete, work) = (
        rate(took.create),
        rate(took.claim),
        rate(took.complete),
        rate(took.work),
    );
    println!("  {what:<34} {create:>9} {claim:>9} {complete:>9} {work:>16}");
}

fn completed(claimed: Claimed) -> AttemptReport {
    let job = claimed.job;
    AttemptReport {
        job_id: job.id,
        lease_token: job.lease_token,
        ending: Ending::Completed { result: None },
    }
}

impl Way for JobManager {
    type Held = AttemptReport;

    async fn create(&self, jobs: Range<usize>) {
        assert!(
            self.create_jobs(jobs.map(new_job).collect(), None)
                .await
                .unwrap()
                .iter()
                .all(Result::is_ok)
        );
    }

    async fn claim(&self, jobs: usize) -> Vec<AttemptReport> {
        self.claim_jobs(claim(jobs))
            .await
            .unwrap()
            .into_iter()
            .map(completed)
            .collect()
    }

    async fn complete(&self, held: Vec<AttemptReport>) {
        assert!(
            self.report_outcomes(held)
                .await
                .unwrap()
                .iter()
                .all(|(_, outcome)| outcome.is_ok())
        );
    }
}

pub fn new_job(n: usize) -> NewJob {
    NewJob {
        job_type: "bench".into(),
        content: Some(format!(
            "Idea {n}: a fox learns to ride the night train home"
        )),
        project_title: Some("Night train".into()),
        ..NewJob::default()
    }
}

/// The statements of the same work, call by call: creates, then claims and completions in turn.
async fn record(arguments: &Arguments, url: &str) -> (Calls, Calls) {
    let seen: Arc<Mutex<Vec<Statement>>> = Arc::default();
    let all = seen.clone();
    let observer = Observer(Arc::new(move |statement: &Statement| {
        all.lock().unwrap().push(statement.clone())
    }));
    let service = manager(url, Some(observer)).await;
    let take = || std::mem::take(&mut *seen.lock().unwrap());
    // The first claim of a worker writes it down, which is no part of claiming.
    service.claim_jobs(claim(1)).await.unwrap();
    take();
    let (mut creates, mut others) = (Vec::new(), Vec::new());
    let (jobs, batch) = (arguments.jobs, arguments.batch);
    for first in (0..jobs).step_by(batch) {
        let new = (first..jobs.min(first + batch)).map(new_job).collect();
        service.create_jobs(new, None).await.unwrap();
        creates.push(take());
    }
    for _ in (0..jobs).step_by(batch) {
        let claimed = service.claim_jobs(claim(batch)).await.unwrap();
        others.push(take());
        service
            .report_outcomes(claimed.into_iter().map(completed).collect())
            .await
            .unwrap();
        others.push(take());
    }
    service.database().clone().close().await.unwrap();
    (creates, others)
}

/// Only the statements, a transaction a call, rows fetched and thrown away.
async fn replay(url: &str, (creates, others): (Calls, Calls)) -> Took {
    // One that writes keeps its connection, here as there.
    let db = Database::connect(&Options {
        max_connections: 1,
        ..Options::new(url)
    })
    .await
    .unwrap();
    let began = Instant::now();
    for call in creates {
        transaction(&db, call).await;
    }
    let create = began.elapsed();
    let (mut claim, mut complete) = (Duration::ZERO, Duration::ZERO);
    for (i, call) in others.into_iter().enumerate() {
        let began = Instant::now();
        transaction(&db, call).await;
        *(if i % 2 == 0 {
            &mut claim
        } else {
            &mut complete
        }) += began.elapsed();
    }
    db.close().await.unwrap();
    Took {
        create,
        work: claim + complete,
        claim,
        complete,
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "past all of Callsheet, which is the point"
)]
async fn transaction(db: &Database, call: Vec<Statement>) {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..Default::default()
    };
    let tx = db
        .read()
        .without_timeout()
        .begin_with_options(options)
        .await
        .unwrap();
    for statement in call {
        match statement.sql.starts_with("SELECT")
            || statement.sql.starts_with("WITH")
            || statement.sql.contains(" RETURNING ")
        {
            true => drop(tx.query_all_raw(statement).await.unwrap()),
            false => drop(tx.execute_raw(statement).await.unwrap()),
        }
    }
    tx.commit().await.unwrap();
}
