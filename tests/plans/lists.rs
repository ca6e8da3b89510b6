//! A list that comes as one value is taken apart once a statement, not once a row that the
//! statement walks over: a small table is read as a whole, and the time would be that of all its
//! rows times the list.

use super::explain::plan_of;
use crate::support::{Backend, TestApp, claim};
use callsheet::{
    db::{Database, Observer, Options},
    jobs::{AttemptReport, Claim, Ending, ItemReport, JobManager, NewItem, NewJob},
};
use entity::ItemStatus;
use sea_orm::Statement;
use std::sync::{Arc, Mutex};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_taken_apart_once_a_statement_on_postgres() {
    crate::support::run(Backend::Postgres, |t: TestApp| async move {
        for n in 0..20 {
            let items = ["a", "b"]
                .map(|key| NewItem {
                    key: key.into(),
                    input: None,
                })
                .into();
            t.create(NewJob {
                job_id: Some(format!("job-{n}")),
                items,
                ..crate::support::any_job()
            })
            .await;
        }
        let mut with_lists = 0;
        for asked in asked_by_a_worker(&t)
            .await
            .into_iter()
            .filter(|asked| asked.sql.contains("= ANY("))
        {
            let sql = asked.sql.clone();
            let steps = plan_of(&t, asked).await;
            assert!(
                !steps.iter().any(|step| step.contains("cstring")),
                "{sql}\n{}",
                steps.join("\n")
            );
            with_lists += 1;
        }
        assert!(
            with_lists >= 4,
            "queues, jobs, items and active jobs are found by lists: {with_lists}"
        );
    })
    .await;
}

/// What a claim, a report of items and outcomes ask.
async fn asked_by_a_worker(t: &TestApp) -> Vec<Statement> {
    let seen: Arc<Mutex<Vec<Statement>>> = Arc::default();
    let all = seen.clone();
    let observer = Observer(Arc::new(move |asked: &Statement| {
        all.lock().unwrap().push(asked.clone())
    }));
    let db = Database::connect(&Options {
        observer: Some(observer),
        ..Options::new(&t.db.url)
    })
    .await
    .unwrap();
    let jobs = JobManager::new(db, t.clock.clone(), t.chance.clone());
    let claimed = jobs
        .claim_jobs(Claim {
            max_jobs: 20,
            ..claim("w")
        })
        .await
        .unwrap();
    let first = &claimed[0].job;
    let report = |key: &str| ItemReport {
        key: Some(key.into()),
        idx: None,
        status: ItemStatus::Completed,
        result: None,
        error: None,
    };
    let guard = callsheet::jobs::Guard::lease(first.lease_token.clone().unwrap());
    jobs.report_items(&first.id, vec![report("a"), report("b")], guard)
        .await
        .unwrap();
    let outcome = |job: entity::job::Model| AttemptReport {
        job_id: job.id,
        lease_token: job.lease_token,
        ending: Ending::Completed { result: None },
    };
    let outcomes = claimed
        .into_iter()
        .map(|claimed| outcome(claimed.job))
        .collect();
    assert!(
        jobs.report_outcomes(outcomes)
            .await
            .unwrap()
            .iter()
            .all(|(_, outcome)| outcome.is_ok())
    );
    jobs.database().clone().close().await.unwrap();
    std::mem::take(&mut *seen.lock().unwrap())
}
