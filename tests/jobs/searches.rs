//! Looking for a text may take long, and keeps nobody else from reading.

use crate::support::{Backend, Bench, any_job};
use callsheet::jobs::{Filter, NewJob, Order, PageAfter, View};
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, Statement, TransactionTrait};

fn words(q: &str) -> Filter {
    Filter { q: Some(q.to_owned()), ..Filter::default() }
}

on_both!(what_is_looked_for_is_counted_whether_or_not_it_fills_the_page);
async fn what_is_looked_for_is_counted_whether_or_not_it_fills_the_page(t: Bench) {
    for n in 0..5 {
        t.create(NewJob { project_title: Some(format!("Night train {n}")), ..any_job() }).await;
    }
    for (q, limit, after, jobs, total) in [
        ("night TRAIN", 5, 0, 5, 5),
        ("night train", 4, 0, 4, 5),
        ("night train", 4, 4, 1, 5),
        ("night train", 4, 9, 0, 5),
        ("day train", 4, 0, 0, 0),
    ] {
        let page =
            t.list_jobs(&words(q), Order::NewestFirst, PageAfter::Offset(after), limit, View::Full).await.unwrap();
        assert_eq!((page.jobs.len(), page.total.jobs, page.total.exact), (jobs, total, true), "{q} {limit} {after}");
    }
}

/// Keeps readers of the jobs waiting.
#[allow(clippy::disallowed_methods, reason = "a stranger")]
async fn locked(raw: &DatabaseConnection) -> DatabaseTransaction {
    let lock = raw.begin().await.unwrap();
    lock.execute_unprepared("LOCK TABLE video_generation_jobs IN ACCESS EXCLUSIVE MODE").await.unwrap();
    lock
}

/// Only PostgreSQL can keep readers waiting.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_that_look_for_a_text_leave_connections_to_others_on_postgres() {
    crate::support::run(Backend::Postgres, |t: Bench| async move {
        t.create(any_job()).await;
        let raw = t.db.raw().await;
        let lock = locked(&raw).await;
        let look = |_| {
            let jobs = (*t).clone();
            tokio::spawn(async move { jobs.count_jobs(&words("fox")).await.map(|counts| counts.total()) })
        };
        let searches: Vec<_> = (0..20).map(look).collect();
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = \
                       (SELECT oid FROM pg_database WHERE datname = current_database())";
        let watch = t.db.raw().await;
        let waiting = || async {
            let asked = Statement::from_string(watch.get_database_backend(), waiting);
            watch.query_one_raw(asked).await.unwrap().unwrap().try_get_by_index::<i64>(0).unwrap()
        };
        while waiting().await < 2 {
            tokio::task::yield_now().await;
        }
        // All others have had their chance to wait for the table as well.
        t.list_series(None, 10).await.unwrap();
        assert_eq!(waiting().await, 2);
        lock.rollback().await.unwrap();
        for search in searches {
            search.await.unwrap().unwrap();
        }
        raw.close().await.unwrap();
        watch.close().await.unwrap();
    })
    .await;
}
