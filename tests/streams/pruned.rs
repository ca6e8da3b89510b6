//! History that goes just while a reader is about to read it.

use crate::support::{Backend, Patience, TestApp, run};
use callsheet::jobs::{EventFilter, JobMessage, JobsMessage, Reset};
use chrono::TimeDelta;
use entity::JobStatus;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, Statement, TransactionTrait,
};

/// The first reader of a server waits until whoever writes history has ended, before it reads on.
async fn writer(raw: &DatabaseConnection) -> DatabaseTransaction {
    #[allow(
        clippy::disallowed_methods,
        reason = "plays a writer past all of Callsheet"
    )]
    let writer = raw.begin().await.unwrap();
    writer
        .execute_unprepared("LOCK TABLE job_events IN ROW EXCLUSIVE MODE")
        .await
        .unwrap();
    writer
}

/// Returns when a reader has looked at its place, and waits for the writer. Not asked within a
/// transaction, which would be told the same again and again.
async fn someone_waits(raw: &DatabaseConnection) {
    let asks = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
                AND query LIKE 'SELECT DISTINCT l.virtualtransaction FROM%'";
    let asks = Statement::from_string(raw.get_database_backend(), asks);
    let patience = Patience::begin();
    while raw.query_one_raw(asks.clone()).await.unwrap().is_none() {
        patience.pause("a reader waits for the writer").await;
    }
}

/// A job that ended long ago, with three events.
async fn old(t: &TestApp) -> String {
    let job = t.job_in(JobStatus::Completed).await;
    t.clock.advance(TimeDelta::days(40));
    t.roll_up_stats().await.unwrap();
    job.id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_follows_all_jobs_is_told_that_history_went_while_it_was_read() {
    run(Backend::Postgres, |t: TestApp| async move {
        old(&t).await;
        let (raw, server) = (t.db.raw().await, t.another().await);
        let writer = writer(&raw).await;
        let mut watch = server
            .watch_jobs(EventFilter::default(), Some("1".parse().unwrap()))
            .unwrap();
        let first = tokio::spawn(async move { (watch.next().await.unwrap(), watch) });
        someone_waits(&raw).await;
        assert_eq!(t.prune_events(TimeDelta::days(30)).await.unwrap(), 2);
        writer.rollback().await.unwrap();
        let (told, mut watch) = first.await.unwrap();
        assert!(matches!(
            told,
            Some(JobsMessage::Reset(Reset::HistoryPruned))
        ));
        assert!(matches!(
            watch.next().await.unwrap(),
            Some(JobsMessage::Snapshot { at: 3, .. })
        ));
        server.end_streams().await;
        server.database().clone().close().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_follows_one_job_is_told_that_history_went_while_it_was_read() {
    run(Backend::Postgres, |t: TestApp| async move {
        let id = old(&t).await;
        let (raw, server) = (t.db.raw().await, t.another().await);
        let writer = writer(&raw).await;
        let mut watch = server.watch_job(&id, Some(1)).await.unwrap().unwrap();
        let first = tokio::spawn(async move { (watch.next().await.unwrap(), watch) });
        someone_waits(&raw).await;
        assert_eq!(t.prune_events(TimeDelta::days(30)).await.unwrap(), 2);
        writer.rollback().await.unwrap();
        let (told, mut watch) = first.await.unwrap();
        assert!(matches!(told, Some(JobMessage::Reset(Reset::HistoryPruned))));
        assert!(matches!(watch.next().await.unwrap(), Some(JobMessage::Snapshot(seen)) if seen.0.version == 3));
        assert!(watch.next().await.unwrap().is_none(), "the job has ended");
        server.end_streams().await;
        server.database().clone().close().await.unwrap();
    })
    .await;
}
