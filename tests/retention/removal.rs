//! Removal of many jobs: counts and statistics stay right, readers of the history come first, and
//! free space goes back.

use super::{keep, nothing};
use crate::support::{Backend, TestApp, any_job, at_once};
use callsheet::{
    db::write::slowest_position,
    jobs::{Counts, Filter, NewJob, Then},
};
use chrono::TimeDelta;
use entity::{JobStatus, job_stat, position};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ConnectionTrait, EntityTrait, QueryOrder, Statement,
};

const CREATED: usize = 1000;

/// Jobs of which all are cancelled.
pub async fn many(t: &TestApp, jobs: usize) {
    for from in (0..jobs).step_by(CREATED) {
        let new = |n: usize| NewJob {
            job_id: Some(format!("job-{n:06}")),
            job_type: format!("type-{}", n % 3),
            content: Some("A fox learns to ride the night train home. ".repeat(10)),
            ..any_job()
        };
        let created = (from..(from + CREATED).min(jobs)).map(new).collect();
        t.create_jobs(created, None).await.unwrap();
    }
    for from in (0..jobs).step_by(CREATED) {
        let cancel = |n: usize| {
            let t = t.clone();
            async move {
                let id = format!("job-{n:06}");
                t.cancel_job(&id, None, None).await.unwrap();
            }
        };
        at_once((from..(from + CREATED).min(jobs)).map(cancel)).await;
    }
}

async fn stats(t: &TestApp) -> Vec<job_stat::Model> {
    use job_stat::Column as C;
    let rows = job_stat::Entity::find()
        .order_by_asc(C::Unit)
        .order_by_asc(C::Start)
        .order_by_asc(C::JobType);
    rows.all(t.database().read()).await.unwrap()
}

#[on_both]
async fn ten_thousand_jobs_go_and_the_statistics_keep_them(t: TestApp) {
    many(&t, 10_000).await;
    t.roll_up_stats().await.unwrap();
    let before = stats(&t).await;
    let cancelled: i64 = before.iter().map(|row| row.cancelled).sum();
    assert!(cancelled > 0 && cancelled % 10_000 == 0, "{cancelled}");
    keep(&t, nothing(Then::Delete));
    t.clock.advance(TimeDelta::hours(1));
    let kept = t.queued().await;
    let began = std::time::Instant::now();
    let run = t.run_retention().await.unwrap();
    println!(
        "{:.0} jobs/s deleted",
        10_000.0 / began.elapsed().as_secs_f64()
    );
    assert_eq!((run.deleted, run.archived), (10_000, 0));
    let counts = t.count_jobs(&Filter::default()).await.unwrap();
    let one = Counts {
        queued: 1,
        ..Counts::default()
    };
    assert_eq!(counts, one);
    let after: Vec<_> = stats(&t).await;
    let of_before: Vec<_> = after
        .into_iter()
        .filter(|row| row.job_type != kept.job_type)
        .collect();
    assert_eq!(of_before, before);
}

#[on_both]
async fn a_reader_of_the_history_that_is_behind_holds_jobs_back(t: TestApp) {
    keep(&t, nothing(Then::Delete));
    let id = t.job_in(JobStatus::Cancelled).await.id;
    t.roll_up_stats().await.unwrap();
    let seen = slowest_position(t.database().read()).await.unwrap();
    assert!(seen > 0);
    // As if the events had come after the last look of the statistics, which now wait.
    let behind = position::ActiveModel {
        name: Set(position::STATS.to_owned()),
        position: Set(seen - 1),
    };
    behind.update(t.database().read()).await.unwrap();
    assert_eq!(
        slowest_position(t.database().read()).await.unwrap(),
        seen - 1
    );
    // A run counts first, so that the job goes, and is counted once.
    assert_eq!(t.run_retention().await.unwrap().deleted, 1);
    assert!(t.get_job(&id).await.is_err());
}

#[on_both]
async fn a_job_that_is_changed_after_it_was_found_stays(t: TestApp) {
    use callsheet::{db::EndedJob, db::write::RemoveEnded};
    let job = t.job_in(JobStatus::Failed).await;
    let found = EndedJob {
        id: job.id.clone(),
        job_type: job.job_type.clone(),
        version: job.version,
        created_at: job.created_at,
    };
    t.retry_job(&job.id, None).await.unwrap();
    let now = t.now();
    let jobs = vec![found];
    let removed = t.database().commit(RemoveEnded { jobs, now }).await;
    assert!(removed.unwrap().is_empty());
    assert!(t.get_job(&job.id).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sqlite_file_gives_its_free_pages_back() {
    crate::support::run(Backend::Sqlite, |t: TestApp| async move {
        let db = t.database().read();
        let number = async |pragma: &str| {
            let asked = Statement::from_string(db.get_database_backend(), pragma);
            let row = db.query_one_raw(asked).await.unwrap().unwrap();
            row.try_get_by_index::<i64>(0).unwrap()
        };
        assert_eq!(number("PRAGMA auto_vacuum").await, 2, "incremental");
        many(&t, 2000).await;
        keep(&t, nothing(Then::Delete));
        t.run_retention().await.unwrap();
        let (pages, free) = (
            number("PRAGMA page_count").await,
            number("PRAGMA freelist_count").await,
        );
        assert!(free > 100, "{free} of {pages} pages are free");
        let returned = t.return_pages().await.unwrap();
        assert!(returned > 0 && returned <= 1000, "{returned}");
        let left = number("PRAGMA page_count").await;
        assert_eq!(left, pages - i64::try_from(returned).unwrap());
    })
    .await;
}
