//! Rows that another program's transaction holds on PostgreSQL: who needs them waits, and nobody
//! else does.

use crate::support::{Backend, Patience, TestApp, any_job, claim, refusal, run};
use callsheet::{
    db::{Database, Observer, Options},
    error::Result,
    jobs::{Guard, JobManager, JobPatch, NewJob, Progress},
};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, Statement, TransactionTrait,
};
use std::{
    future::Future,
    sync::{Arc, Mutex},
};
use tokio::task::JoinHandle;

type Held = (DatabaseConnection, DatabaseTransaction);

/// Holds the rows that the statement names.
#[allow(clippy::disallowed_methods, reason = "another program's transaction")]
async fn hold(t: &TestApp, sql: &str) -> Held {
    let raw = t.db.raw().await;
    let tx = raw.begin().await.unwrap();
    tx.execute_unprepared(sql).await.unwrap();
    (raw, tx)
}

async fn free((raw, tx): Held) {
    tx.rollback().await.unwrap();
    raw.close().await.unwrap();
}

/// Calls, one of each number.
fn calls<T: Send + 'static, F: Future<Output = Result<T>> + Send + 'static>(
    t: &TestApp,
    count: usize,
    call: impl Fn(JobManager, usize) -> F,
) -> Vec<JoinHandle<Result<T>>> {
    (0..count)
        .map(|n| tokio::spawn(call((**t).clone(), n)))
        .collect()
}

fn named(n: usize) -> String {
    format!("held-{n}")
}

fn more_important() -> JobPatch {
    JobPatch {
        priority: Some(7),
        ..Default::default()
    }
}

const ALL_NAMED: &str = "SELECT 1 FROM video_generation_jobs WHERE id LIKE 'held-%' FOR UPDATE";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_many_jobs_that_are_held_keep_nobody_else_waiting_on_postgres() {
    run(Backend::Postgres, |t: TestApp| async move {
        for n in 0..40 {
            t.named(&named(n)).await;
        }
        let held = hold(&t, ALL_NAMED).await;
        let changes = calls(&t, 40, |jobs, n| async move {
            jobs.update_job(&named(n), more_important(), None).await
        });
        t.waits_for_writes(40).await;
        for _ in 0..5 {
            let id = t.queued().await.id;
            let job = t.claimed("w").await.job;
            assert_eq!(job.id, id);
            t.mark_completed(&id, None, Guard::lease(job.lease_token.unwrap()))
                .await
                .unwrap();
        }
        // One that was answered just now may still be counted.
        assert!(
            t.database().writes_under_way() >= 40,
            "none of those that are held is done or given up"
        );
        free(held).await;
        for change in changes {
            assert_eq!(change.await.unwrap().unwrap().priority, 7);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deletions_and_children_of_what_is_held_keep_nobody_else_waiting_on_postgres() {
    run(Backend::Postgres, |t: TestApp| async move {
        let series = t.series("S").await;
        for n in 0..8 {
            t.named(&named(n)).await;
        }
        let joining = t.queued().await.id;
        let rows = hold(&t, ALL_NAMED).await;
        let parent = hold(&t, "SELECT 1 FROM series FOR UPDATE").await;
        let deletions = calls(&t, 8, |jobs, n| async move {
            jobs.delete_job(&named(n), None).await
        });
        let children = calls(&t, 8, |jobs, _| {
            let new = NewJob {
                series_id: Some(series.clone()),
                ..any_job()
            };
            async move { jobs.create_job(new, None).await.map(|created| created.job) }
        });
        let joins = calls(&t, 1, |jobs, _| {
            let patch = JobPatch {
                series_id: Some(Some(series.clone())),
                ..Default::default()
            };
            let id = joining.clone();
            async move { jobs.update_job(&id, patch, None).await }
        });
        t.waits_for_writes(17).await;
        for _ in 0..5 {
            let id = t.queued().await.id;
            t.delete_job(&id, None).await.unwrap();
        }
        refusal(
            t.create_job(
                NewJob {
                    series_id: Some("nobody".into()),
                    ..any_job()
                },
                None,
            )
            .await,
            "series_not_found",
        );
        assert!(
            t.database().writes_under_way() >= 17,
            "none of those that wait is done or given up"
        );
        free(rows).await;
        free(parent).await;
        for deletion in deletions {
            deletion.await.unwrap().unwrap();
        }
        for child in children.into_iter().chain(joins) {
            assert_eq!(
                child.await.unwrap().unwrap().series_id.as_deref(),
                Some(&*series)
            );
        }
        refusal(t.get_job(&named(0)).await, "job_not_found");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claims_that_wait_for_the_limit_of_their_type_keep_no_lane_waiting_on_postgres() {
    run(Backend::Postgres, |t: TestApp| async move {
        t.set_queue("idea2video", None, Some(Some(7)))
            .await
            .unwrap();
        let id = t.queued().await.id;
        let held = hold(&t, "SELECT 1 FROM queues FOR UPDATE").await;
        let claims = calls(&t, 30, |jobs, n| async move {
            jobs.claim_jobs(claim(&format!("w{n}"))).await
        });
        t.waits_for_writes(30).await;
        for priority in 0..5 {
            let patch = JobPatch {
                priority: Some(priority + 1),
                ..Default::default()
            };
            t.update_job(&id, patch, None).await.unwrap();
            t.create(NewJob {
                job_type: "script2video".into(),
                ..any_job()
            })
            .await;
        }
        free(held).await;
        let mut given = 0;
        // Nothing was given as long as the row was held, and nobody was sent away.
        for claim in claims {
            given += claim.await.unwrap().unwrap().len();
        }
        assert_eq!(given, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_fails_among_others_leaves_those_that_are_held_waiting_on_postgres() {
    run(Backend::Postgres, |t: TestApp| async move {
        let raw = t.db.raw().await;
        raw.execute_unprepared(
            "ALTER TABLE video_generation_jobs ADD CONSTRAINT no_bad CHECK (style <> 'bad')",
        )
        .await
        .unwrap();
        raw.close().await.unwrap();
        for n in 0..8 {
            t.named(&named(n)).await;
        }
        let mut others = Vec::new();
        for _ in 0..40 {
            others.push(t.queued().await.id);
        }
        let held = hold(&t, ALL_NAMED).await;
        let changes = calls(&t, 8, |jobs, n| async move {
            jobs.update_job(&named(n), more_important(), None).await
        });
        let restyled = calls(&t, 40, |jobs, n| {
            let style = if n % 10 == 3 { "bad" } else { "good" };
            let patch = JobPatch {
                style: Some(Some(style.to_owned())),
                ..Default::default()
            };
            let id = others[n].clone();
            async move { jobs.update_job(&id, patch, None).await }
        });
        for (n, call) in restyled.into_iter().enumerate() {
            assert_eq!(call.await.unwrap().is_ok(), n % 10 != 3);
        }
        assert!(
            t.database().writes_under_way() >= 8,
            "none of those that are held is done or given up"
        );
        free(held).await;
        for change in changes {
            assert_eq!(change.await.unwrap().unwrap().priority, 7);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_a_row_that_stays_held_is_told_and_changes_nothing_on_postgres() {
    run(Backend::Postgres, |t: TestApp| async move {
        for n in 0..30 {
            t.named(&named(n)).await;
        }
        let held = hold(&t, ALL_NAMED).await;
        let changes = calls(&t, 30, |jobs, n| async move {
            jobs.update_job(&named(n), more_important(), None).await
        });
        for change in changes {
            refusal(change.await.unwrap(), "database_unavailable");
        }
        free(held).await;
        let last = t
            .update_job(
                &named(0),
                JobPatch {
                    priority: Some(1),
                    ..Default::default()
                },
                None,
            )
            .await
            .unwrap();
        assert_eq!((last.version, last.priority), (2, 1));
        for n in 1..30 {
            assert_eq!(t.whole(&named(n)).await.kinds(), ["created"]);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_on_a_job_that_is_not_there_are_answered_together_on_postgres() {
    run(Backend::Postgres, |t: TestApp| async move {
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let all = seen.clone();
        let observer = Observer(Arc::new(move |asked: &Statement| {
            all.lock().unwrap().push(asked.sql.clone())
        }));
        let db = Database::connect(&Options {
            observer: Some(observer),
            ..Options::new(&t.db.url)
        })
        .await
        .unwrap();
        let jobs = JobManager::new(db, t.clock.clone(), t.chance.clone());
        let stall = hold(&t, "LOCK TABLE video_generation_jobs IN EXCLUSIVE MODE").await;
        let reports: Vec<_> = (0..20)
            .map(|_| {
                let jobs = jobs.clone();
                let report = Progress {
                    progress: Some(1.0),
                    current_stage: None,
                };
                tokio::spawn(async move { jobs.update_progress("nobody", report, None).await })
            })
            .collect();
        let patience = Patience::begin();
        while jobs.database().writes_under_way() < 20 {
            patience.pause("20 reports are under way").await;
        }
        free(stall).await;
        for report in reports {
            refusal(report.await.unwrap(), "job_not_found");
        }
        jobs.database().clone().close().await.unwrap();
        let asked = seen
            .lock()
            .unwrap()
            .iter()
            .filter(|sql| sql.contains("video_generation_jobs"))
            .count();
        assert!(
            asked <= 4,
            "the first one takes the lane, the others are asked for together: {asked}"
        );
    })
    .await;
}
