//! The counts that the database keeps: exact, whoever writes.

use crate::support::{Backend, TestApp, any_job, at_once};
use callsheet::{
    error::{Error, Resource},
    jobs::{Counts, Filter, JobManager, NewJob},
};
use entity::JobStatus;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

fn nth(n: usize) -> NewJob {
    NewJob {
        job_type: format!("type-{}", n % 5),
        ..any_job()
    }
}

/// Counts one by one.
async fn counted(db: &DatabaseConnection) -> Vec<(String, String, i64)> {
    let sql = "SELECT job_type, status, count(*) FROM video_generation_jobs GROUP BY job_type, \
        status ORDER BY job_type, status";
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await
        .unwrap();
    let read = |row: &sea_orm::QueryResult| {
        (
            row.try_get_by_index(0).unwrap(),
            row.try_get_by_index(1).unwrap(),
            row.try_get_by_index(2).unwrap(),
        )
    };
    rows.iter().map(read).collect()
}

fn kept(types: &[(String, Counts)]) -> Vec<(String, String, i64)> {
    let mut kept = Vec::new();
    for (job_type, counts) in types {
        let Counts {
            queued,
            processing,
            completed,
            failed,
            cancelled,
        } = *counts;
        let by_status = [
            ("cancelled", cancelled),
            ("completed", completed),
            ("failed", failed),
            ("processing", processing),
            ("queued", queued),
        ];
        let some = by_status.into_iter().filter(|(_, n)| *n > 0);
        kept.extend(some.map(|(status, n)| {
            (
                job_type.clone(),
                status.to_owned(),
                i64::try_from(n).unwrap(),
            )
        }));
    }
    kept
}

async fn assert_exact(t: &TestApp, when: &str) {
    let raw = t.db.raw().await;
    let counted = counted(&raw).await;
    raw.close().await.unwrap();
    assert_eq!(kept(&t.counts_by_type().await.unwrap()), counted, "{when}");
    let total: i64 = counted.iter().map(|(.., n)| n).sum();
    assert_eq!(
        t.count_jobs(&Filter::default()).await.unwrap().total(),
        u64::try_from(total).unwrap(),
        "{when}"
    );
    for (job_type, status, n) in counted {
        let status: JobStatus = serde_json::from_value(status.into()).unwrap();
        let filter = Filter {
            status: Some(status),
            job_type: Some(job_type),
            ..Default::default()
        };
        assert_eq!(
            t.count_jobs(&filter).await.unwrap().total(),
            u64::try_from(n).unwrap(),
            "{when}"
        );
    }
}

#[on_both]
async fn counts_are_exact_after_statements_of_strangers(t: TestApp) {
    for n in 0..20 {
        t.create(nth(n)).await;
    }
    assert_exact(&t, "after creates").await;
    let raw = t.db.raw().await;
    let ended = "completed_at = created_at";
    for sql in [
        format!("UPDATE video_generation_jobs SET status = 'failed', {ended} WHERE job_type = \
            'type-1'"),
        "UPDATE video_generation_jobs SET job_type = 'other' WHERE status = 'failed'".to_owned(),
        "UPDATE video_generation_jobs SET status = status, priority = 7".to_owned(),
        "UPDATE video_generation_jobs SET status = 'queued', completed_at = NULL, job_type = \
        'type-2'".to_owned(),
        "DELETE FROM video_generation_jobs WHERE job_type = 'type-2' AND id IN (SELECT id FROM \
        video_generation_jobs LIMIT 7)".to_owned(),
        "INSERT INTO video_generation_jobs (id, job_type, status, created_at, updated_at) \
         SELECT 'copy-' || id, 'copied', status, created_at, updated_at FROM video_generation_jobs".to_owned(),
        "INSERT INTO video_generation_jobs (id, job_type, status, created_at, updated_at) \
         SELECT id, job_type, status, created_at, updated_at FROM video_generation_jobs WHERE true ON CONFLICT DO NOTHING".to_owned(),
        "DELETE FROM video_generation_jobs WHERE false".to_owned(),
        "DELETE FROM video_generation_jobs".to_owned(),
    ] {
        raw.execute_unprepared(&sql).await.unwrap();
        assert_exact(&t, &sql).await;
    }
    for n in 0..5 {
        t.create(nth(n)).await;
    }
    if t.db.backend == Backend::Postgres {
        raw.execute_unprepared("TRUNCATE video_generation_jobs CASCADE")
            .await
            .unwrap();
        assert_exact(&t, "truncated").await;
    }
    raw.close().await.unwrap();
}

/// Changes of all kinds, by verbs and past them; some are refused.
async fn change(
    jobs: &JobManager,
    raw: &DatabaseConnection,
    n: usize,
    rng: &mut fastrand::Rng,
) -> bool {
    let id = format!("job-{}", rng.usize(..200));
    let past = async |sql: String| match raw.execute_unprepared(&sql).await?.rows_affected() {
        0 => Err(Error::NotFound(Resource::Job)),
        _ => Ok(()),
    };
    let made = match rng.u8(..10) {
        0 | 1 => jobs
            .create_job(
                NewJob {
                    job_id: Some(id),
                    ..nth(n)
                },
                None,
            )
            .await
            .map(drop),
        2 => jobs.start_job(&id, None, None).await.map(drop),
        3 => jobs.mark_completed(&id, None, None).await.map(drop),
        4 => jobs.cancel_job(&id, None, None).await.map(drop),
        5 => jobs.delete_job(&id, None).await,
        6 => {
            past(format!(
                "UPDATE video_generation_jobs SET job_type = 'type-{}' WHERE id = '{id}'",
                n % 5
            ))
            .await
        }
        7 => {
            past(format!(
                "DELETE FROM video_generation_jobs WHERE id = '{id}'"
            ))
            .await
        }
        8 => {
            let status = "status = 'failed', completed_at = created_at";
            past(format!(
                "UPDATE video_generation_jobs SET {status} WHERE id = '{id}' AND status = 'queued'"
            ))
            .await
        }
        _ => {
            let copied = "SELECT '{id}', 'copied', 'queued', created_at, updated_at FROM \
                video_generation_jobs";
            let copied = copied.replace("{id}", &id);
            past(format!(
                "INSERT INTO video_generation_jobs (id, job_type, status, created_at, updated_at) {copied} LIMIT 1 \
                 ON CONFLICT DO NOTHING"
            ))
            .await
        }
    };
    made.is_ok()
}

#[on_both]
async fn counts_are_exact_after_thousands_of_random_changes_at_once(t: TestApp) {
    random_changes(&t, 4_000).await;
}

/// `cargo test --release -- --ignored counts_are_exact_after_100000`
mod counts_are_exact_after_100000_random_changes {
    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "takes minutes"]
    async fn sqlite() {
        crate::support::run(crate::support::Backend::Sqlite, |t| async move {
            super::random_changes(&t, 100_000).await
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "takes minutes"]
    async fn postgres() {
        crate::support::run(crate::support::Backend::Postgres, |t| async move {
            super::random_changes(&t, 100_000).await
        })
        .await;
    }
}

async fn random_changes(t: &TestApp, changes: usize) {
    let client = |client: usize| {
        let t = t.clone();
        async move {
            let mut rng = fastrand::Rng::with_seed(client as u64);
            let raw = t.db.raw().await;
            let mut made = 0;
            for n in 0..changes / 16 {
                made += usize::from(change(&t, &raw, n, &mut rng).await);
            }
            raw.close().await.unwrap();
            made
        }
    };
    let made: usize = at_once((0..16).map(client)).await.into_iter().sum();
    println!(
        "{:?}: {made} of {changes} changes were made, the others refused",
        t.db.backend
    );
    assert!(made > changes / 4);
    assert_exact(t, "after random changes").await;
}
