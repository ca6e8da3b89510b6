//! News of commits: who waits for a change hears of it.

use crate::support::{Backend, TestApp, any_job};
use callsheet::db::{CommitNotice, JobChanged};
use entity::JobStatus;
use std::sync::Arc;

#[on_both]
async fn each_change_is_told_once_it_is_committed(t: TestApp) {
    let mut news = t.database().change_bus().subscribe();
    let job = t.started().await;
    let told = |seq, status| {
        let news = JobChanged {
            job_id: job.id.clone(),
            job_type: "idea2video".into(),
            seq,
            status,
        };
        Arc::new(CommitNotice {
            jobs: vec![news],
            ..CommitNotice::default()
        })
    };
    assert_eq!(news.next().await, told(1, JobStatus::Queued));
    assert_eq!(news.next().await, told(2, JobStatus::Processing));
    // A change that is refused is no news, so the next is the one after it.
    assert!(t.start_job(&job.id, None, None).await.is_err());
    t.mark_completed(&job.id, None, None).await.unwrap();
    assert_eq!(news.next().await, told(3, JobStatus::Completed));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_on_postgres_hears_of_it() {
    crate::support::run(Backend::Postgres, |t: TestApp| async move {
        let other = t.another().await;
        let mut news = other.database().change_bus().subscribe();
        let db = other.database().clone();
        let listening = tokio::spawn(async move { db.listen().await });
        // From here on it listens.
        assert!(news.next().await.more);
        let job = t.create(any_job()).await;
        let told = news.next().await;
        assert_eq!(
            told.jobs
                .iter()
                .map(|news| &news.job_id)
                .collect::<Vec<_>>(),
            [&job.id]
        );
        listening.abort();
        other.database().clone().close().await.unwrap();
    })
    .await;
}
