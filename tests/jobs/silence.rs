//! PostgreSQL that says nothing: nobody waits for it without end, and all is as before when it
//! speaks again.

use crate::support::{Backend, FaultyProxy, TestApp, any_job, at_once, run};
use callsheet::{
    db::{Database, Options},
    error::Result,
    jobs::{Idempotency, JobManager, NewJob},
};
use entity::job;
use serde_json::json;
use std::{collections::HashSet, time::Duration};

const CALLS: usize = 200;

/// Verbs that reach the database by a line. They wait as little as a test may have them.
async fn by_line(t: &TestApp) -> (FaultyProxy, JobManager) {
    let line = FaultyProxy::to(&t.db.url).await;
    let patience = Duration::from_millis(300);
    let options = Options {
        acquire_timeout: patience,
        answer_timeout: patience,
        ..Options::new(&line.url)
    };
    let db = Database::connect(&options).await.unwrap();
    (line, JobManager::new(db, t.clock.clone(), t.chance.clone()))
}

async fn create(jobs: JobManager, n: usize) -> Result<job::Model> {
    let key = Idempotency::new(format!("key-{n}"), "create_job", &json!({}));
    let new = NewJob {
        project_title: Some(n.to_string()),
        ..any_job()
    };
    Ok(jobs.create_job(new, Some(key)).await?.job)
}

/// Asks again until it is answered.
async fn created(jobs: JobManager, n: usize) -> String {
    loop {
        match create(jobs.clone(), n).await {
            Ok(job) => return job.id,
            Err(error) => assert_eq!(error.code(), "database_unavailable"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_to_a_silent_database_are_refused_and_what_they_ask_again_when_it_speaks_is_done_once()
 {
    run(Backend::Postgres, async |t: TestApp| {
        let (line, jobs) = by_line(&t).await;
        let id = jobs.create_job(any_job(), None).await.unwrap().job.id;
        line.fall_silent();
        let creates = (0..CALLS).map(|n| create(jobs.clone(), n));
        for refused in at_once(creates).await {
            assert_eq!(refused.unwrap_err().code(), "database_unavailable");
        }
        assert_eq!(
            jobs.get_job(&id).await.unwrap_err().code(),
            "database_unavailable"
        );
        assert!(jobs.database().ready().await.is_err());
        line.speak_again();
        let made: HashSet<_> = at_once((0..CALLS).map(|n| created(jobs.clone(), n)))
            .await
            .into_iter()
            .collect();
        assert_eq!(made.len(), CALLS);
        assert_eq!(
            t.count_jobs(&Default::default()).await.unwrap().queued,
            CALLS as u64 + 1,
            "none is there twice"
        );
        for id in &made {
            t.whole(id).await.assert_history_is_whole();
        }
        jobs.database().clone().close().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_were_lost_without_a_word_are_given_up() {
    run(Backend::Postgres, async |t: TestApp| {
        let (line, jobs) = by_line(&t).await;
        let id = jobs.create_job(any_job(), None).await.unwrap().job.id;
        line.fall_silent();
        // Half of those who read go away while they wait, as a probe does that has a shorter
        // patience.
        let reads: Vec<_> = (0..8)
            .map(|_| {
                let (jobs, id) = (jobs.clone(), id.clone());
                tokio::spawn(async move { jobs.get_job(&id).await })
            })
            .collect();
        line.swallows(1).await;
        for (n, read) in reads.into_iter().enumerate() {
            if n % 2 == 0 {
                read.abort();
            } else {
                assert_eq!(
                    read.await.unwrap().unwrap_err().code(),
                    "database_unavailable"
                );
            }
        }
        for refused in at_once((0..CALLS).map(|n| create(jobs.clone(), n))).await {
            assert_eq!(refused.unwrap_err().code(), "database_unavailable");
        }
        line.lose_what_is_open();
        let made: HashSet<_> = at_once((0..CALLS).map(|n| created(jobs.clone(), n)))
            .await
            .into_iter()
            .collect();
        assert_eq!(made.len(), CALLS);
        while jobs.get_job(&id).await.is_err() {}
    })
    .await;
}
