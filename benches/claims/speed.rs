//! Create, claim, complete: through JobManager, by the same statements alone, and over HTTP.

use crate::{Arguments, check, claim, fresh, http, manager};
use callsheet::{
    db::{Database, Observer, Options},
    jobs::{Ending, JobManager, NewJob, Outcome},
};
use sea_orm::{ConnectionTrait, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait};
use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// The statements of each call.
type Calls = Vec<Vec<Statement>>;

pub struct Took {
    pub create: Duration,
    pub claim: Duration,
    pub complete: Duration,
}

pub async fn measure(arguments: &Arguments, backend: &str) {
    let (jobs, batch) = (arguments.jobs, arguments.batch);
    println!("{backend}: {jobs} jobs, {batch} a call, each with its history, in jobs/s");
    println!("  {:<34} {:>9} {:>9} {:>9} {:>16}", "", "create", "claim", "complete", "claim+complete");
    let [own, recorded, alone, http] = [
        fresh(arguments, backend, "service").await,
        fresh(arguments, backend, "recorded").await,
        fresh(arguments, backend, "raw").await,
        fresh(arguments, backend, "http").await,
    ];
    let service = manager(&own, None).await;
    let in_process = through(&service, jobs, batch).await;
    service.database().clone().close().await.unwrap();
    check::all_completed(&own, jobs).await;
    show("JobManager", jobs, &in_process);
    let calls = record(arguments, &recorded).await;
    let raw = replay(&alone, calls).await;
    check::same_rows(&recorded, &alone).await;
    check::all_completed(&alone, jobs).await;
    show("the same statements alone", jobs, &raw);
    let served = http::through(&http, jobs, batch).await;
    check::all_completed(&http, jobs).await;
    show("HTTP, one client", jobs, &served);
    let both = |took: &Took| (took.claim + took.complete).as_secs_f64();
    println!(
        "  JobManager to raw: create {:.2}, claim + complete {:.2}; HTTP to JobManager: create {:.2}, claim + complete {:.2}",
        raw.create.as_secs_f64() / in_process.create.as_secs_f64(),
        both(&raw) / both(&in_process),
        in_process.create.as_secs_f64() / served.create.as_secs_f64(),
        both(&in_process) / both(&served),
    );
}

fn show(what: &str, jobs: usize, took: &Took) {
    let rate = |took: Duration| format!("{:.0}", jobs as f64 / took.as_secs_f64());
    let both = rate(took.claim + took.complete);
    println!("  {what:<34} {:>9} {:>9} {:>9} {both:>16}", rate(took.create), rate(took.claim), rate(took.complete));
}

pub fn new_job(n: usize) -> NewJob {
    NewJob {
        job_type: "bench".into(),
        content: Some(format!("Idea {n}: a fox learns to ride the night train home")),
        project_title: Some("Night train".into()),
        ..NewJob::default()
    }
}

async fn through(service: &JobManager, jobs: usize, batch: usize) -> Took {
    let began = Instant::now();
    for first in (0..jobs).step_by(batch) {
        let new = (first..jobs.min(first + batch)).map(new_job).collect();
        assert!(service.create_jobs(new, None).await.unwrap().iter().all(Result::is_ok));
    }
    let create = began.elapsed();
    let (mut claiming, mut completing, mut done) = (Duration::ZERO, Duration::ZERO, 0);
    while done < jobs {
        let began = Instant::now();
        let claimed = service.claim_jobs(claim(batch)).await.unwrap();
        claiming += began.elapsed();
        done += claimed.len();
        let outcome = |job: entity::job::Model| Outcome {
            job_id: job.id,
            lease_token: job.lease_token,
            ending: Ending::Completed { result: None },
        };
        let outcomes: Vec<_> = claimed.into_iter().map(|claimed| outcome(claimed.job)).collect();
        let began = Instant::now();
        assert!(service.report_outcomes(outcomes).await.unwrap().iter().all(|(_, outcome)| outcome.is_ok()));
        completing += began.elapsed();
    }
    Took { create, claim: claiming, complete: completing }
}

/// The statements of the same work, call by call: creates, then claims and completions in turn.
async fn record(arguments: &Arguments, url: &str) -> (Calls, Calls) {
    let seen: Arc<Mutex<Vec<Statement>>> = Arc::default();
    let all = seen.clone();
    let observer = Observer(Arc::new(move |statement: &Statement| all.lock().unwrap().push(statement.clone())));
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
        let outcome = |job: entity::job::Model| Outcome {
            job_id: job.id,
            lease_token: job.lease_token,
            ending: Ending::Completed { result: None },
        };
        service.report_outcomes(claimed.into_iter().map(|claimed| outcome(claimed.job)).collect()).await.unwrap();
        others.push(take());
    }
    service.database().clone().close().await.unwrap();
    (creates, others)
}

/// Only the statements, a transaction a call, rows fetched and thrown away.
async fn replay(url: &str, (creates, others): (Calls, Calls)) -> Took {
    let db = Database::connect(&Options::new(url)).await.unwrap();
    let began = Instant::now();
    for call in creates {
        transaction(&db, call).await;
    }
    let create = began.elapsed();
    let (mut claim, mut complete) = (Duration::ZERO, Duration::ZERO);
    for (i, call) in others.into_iter().enumerate() {
        let began = Instant::now();
        transaction(&db, call).await;
        *(if i % 2 == 0 { &mut claim } else { &mut complete }) += began.elapsed();
    }
    db.close().await.unwrap();
    Took { create, claim, complete }
}

#[allow(clippy::disallowed_methods, reason = "past all of Callsheet, which is the point")]
async fn transaction(db: &Database, call: Vec<Statement>) {
    let options =
        TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..Default::default() };
    let tx = db.read().unbounded().begin_with_options(options).await.unwrap();
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
