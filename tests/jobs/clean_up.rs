//! clean_up: the history of jobs that ended long ago goes, all but the last event.

use crate::support::{Backend, TestApp, any_job};
use callsheet::jobs::NewJob;
use chrono::TimeDelta;
use entity::JobStatus;
use sea_orm::{ConnectionTrait, SqliteTransactionMode, TransactionOptions, TransactionTrait};

#[on_both]
async fn only_the_history_of_jobs_that_ended_long_ago_goes(t: TestApp) {
    let old = t.job_in(JobStatus::Completed).await;
    let at_work = t.started().await;
    let deleted = t
        .create(NewJob {
            job_id: Some("deleted".into()),
            ..any_job()
        })
        .await;
    t.delete_job(&deleted.id, None).await.unwrap();
    t.clock.advance(TimeDelta::days(40));
    let young = t.job_in(JobStatus::Failed).await;
    let kept = [
        t.whole(&at_work.id).await,
        t.whole(&young.id).await,
        t.whole("deleted").await,
    ];

    t.roll_up_stats().await.unwrap();
    assert_eq!(
        t.prune_events(TimeDelta::days(30)).await.unwrap(),
        2,
        "created and started"
    );
    let whole = t.whole(&old.id).await;
    assert_eq!(whole.job.as_ref(), Some(&old));
    assert_eq!(
        whole
            .events
            .iter()
            .map(|event| event.seq)
            .collect::<Vec<_>>(),
        [old.version]
    );
    assert_eq!(
        [
            t.whole(&at_work.id).await,
            t.whole(&young.id).await,
            t.whole("deleted").await
        ],
        kept
    );
    assert_eq!(t.prune_events(TimeDelta::days(30)).await.unwrap(), 0);

    // Its id goes on counting all the same.
    t.delete_job(&old.id, None).await.unwrap();
    assert_eq!(t.named(&old.id).await.version, old.version + 2);
}

#[on_both]
async fn history_that_stays_is_looked_through_beside_any_writer(t: TestApp) {
    t.started().await;
    t.clock.advance(TimeDelta::days(40));
    t.job_in(JobStatus::Completed).await;
    let raw = t.db.raw().await;
    let immediate = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..Default::default()
    };
    #[allow(
        clippy::disallowed_methods,
        reason = "plays a writer past all of Callsheet"
    )]
    let writer = raw.begin_with_options(immediate).await.unwrap();
    if t.db.backend == Backend::Postgres {
        writer
            .execute_unprepared("LOCK TABLE job_events, positions IN EXCLUSIVE MODE")
            .await
            .unwrap();
    }
    assert_eq!(t.prune_events(TimeDelta::days(30)).await.unwrap(), 0);
    writer.rollback().await.unwrap();
    t.clock.advance(TimeDelta::days(40));
    assert_eq!(
        t.prune_events(TimeDelta::days(30)).await.unwrap(),
        0,
        "the statistics have not read it"
    );
    t.roll_up_stats().await.unwrap();
    assert_eq!(
        t.prune_events(TimeDelta::days(30)).await.unwrap(),
        2,
        "of the one that ended"
    );
}
