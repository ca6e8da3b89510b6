//! Transactions that commit in another order than they drew their positions.

use super::{
    follow_all::{open, steps},
    reader::kinds,
};
use crate::{
    api::face::Api,
    support::{Backend, any_job},
};
use callsheet::jobs::NewJob;
use sea_orm::{ConnectionTrait, DatabaseConnection, TransactionTrait};

/// Writes an event of the job, as a writer that is slow to commit.
async fn write(raw: &DatabaseConnection, id: &str) -> sea_orm::DatabaseTransaction {
    #[allow(
        clippy::disallowed_methods,
        reason = "plays a writer past all of Callsheet"
    )]
    let tx = raw.begin().await.unwrap();
    let lock = format!("UPDATE video_generation_jobs SET version = 2 WHERE id = '{id}'");
    tx.execute_unprepared(&lock).await.unwrap();
    let event = format!(
        "INSERT INTO job_events (job_id, seq, kind, status, progress, total_shots, completed_shots, created_at, job_type) \
         VALUES ('{id}', 2, 'updated', 'queued', 0, 0, 0, now(), 'idea2video')"
    );
    tx.execute_unprepared(&event).await.unwrap();
    tx
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_passes_a_position_that_may_still_be_filled() {
    crate::support::run(Backend::Postgres, |t: Api| async move {
        let slow = t.named("slow").await;
        let mut reader = open(&t, "", None).await;
        reader.next().await.unwrap();
        let raw = t.db.raw().await;
        let late = write(&raw, &slow.id).await;
        let early = t.named("early").await;
        // It is committed, but what lies before it is not: neither is told.
        let passed = tokio::time::timeout(std::time::Duration::from_secs(2), reader.next()).await;
        assert!(passed.is_err(), "{passed:?}");
        late.commit().await.unwrap();
        assert_eq!(
            steps(&reader.take(2).await),
            [("slow", 2), (early.id.as_str(), 1)]
        );

        // One that is taken back leaves a gap for ever.
        let undone = write(&raw, &early.id).await;
        t.create(NewJob {
            job_id: Some("third".into()),
            ..any_job()
        })
        .await;
        undone.rollback().await.unwrap();
        let told = reader.take(1).await;
        assert_eq!(
            (steps(&told), kinds(&told)),
            (vec![("third", 1)], vec!["created"])
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_catches_up_after_the_connections_to_the_database_were_cut() {
    crate::support::run(Backend::Postgres, |t: Api| async move {
        let mut reader = open(&t, "", None).await;
        reader.next().await.unwrap();
        let raw = t.db.raw().await;
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        for round in 0..3 {
            let id = format!("before-{round}");
            t.named(&id).await;
            raw.execute_unprepared(cut).await.unwrap();
            // What was committed before, and what is committed after it.
            let again = NewJob {
                job_id: Some(format!("after-{round}")),
                ..any_job()
            };
            while t.create_job(again.clone(), None).await.is_err() {}
            let told = reader.take(2).await;
            assert_eq!(
                steps(&told),
                [(id.as_str(), 1), (again.job_id.as_deref().unwrap(), 1)]
            );
        }
    })
    .await;
}
