//! Reads while the database takes no writes.

use crate::support::{TestApp, TestClock, TestRandom};
use callsheet::{
    db::{Database, Fault, Faults, Options, Step},
    jobs::{Claim, JobManager},
};
use sea_orm::DbErr;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

fn claim(job_type: &str) -> Claim {
    Claim {
        call_id: None,
        job_tokens: false,
        worker_id: "w1".into(),
        job_types: vec![job_type.into()],
        max_jobs: 1,
        lease_seconds: 60,
        wait_seconds: 0,
        host: None,
        version: None,
    }
}

#[on_both]
async fn workers_are_listed_while_no_write_is_taken(t: TestApp) {
    let refusing = Arc::new(AtomicBool::new(false));
    let refuses = refusing.clone();
    let faults = Faults(Arc::new(move |step| {
        let fails = refuses.load(Ordering::SeqCst) && step == Step::Begin;
        fails.then(|| Fault::Before(DbErr::Custom("no write is taken".to_owned())))
    }));
    let options = Options {
        faults: Some(faults),
        ..Options::new(&t.db.url)
    };
    let db = Database::connect(&options).await.unwrap();
    let jobs = JobManager::new(
        db.clone(),
        Arc::<TestClock>::default(),
        Arc::<TestRandom>::default(),
    );
    jobs.claim_jobs(claim("one")).await.unwrap();
    refusing.store(true, Ordering::SeqCst);
    // A worker that asks for other types has a note to write.
    jobs.claim_jobs(claim("other")).await.unwrap();
    assert!(jobs.note_workers().await.is_err(), "the note waits");
    let listed = jobs.list_workers().await.unwrap();
    assert_eq!(listed.workers[0].row.worker_id, "w1");
    drop(jobs);
    db.close().await.unwrap();
}
