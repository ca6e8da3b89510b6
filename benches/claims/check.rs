//! What was measured was done: a statement that changes no row costs next to nothing, and would
//! look fast.

use crate::manager;
use entity::{JobStatus, job, job_event};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

/// Every job was created, claimed and completed, and tells so in its history; the counts came
/// along.
pub async fn all_completed(url: &str, jobs: usize) {
    let service = manager(url, None).await;
    let (db, jobs) = (service.database().read(), jobs as u64);
    let completed = job::Entity::find().filter(job::Column::Status.eq(JobStatus::Completed));
    assert_eq!(
        completed.count(db).await.unwrap(),
        jobs,
        "completed jobs at {url}"
    );
    assert_eq!(
        job_event::Entity::find().count(db).await.unwrap(),
        3 * jobs,
        "events at {url}"
    );
    let counts = service.count_jobs(&Default::default()).await.unwrap();
    assert_eq!(
        (counts.completed, counts.queued, counts.processing),
        (jobs, 0, 0),
        "counts at {url}"
    );
    service.database().clone().close().await.unwrap();
}

/// The one database holds what the other does, to the last lease token.
pub async fn same_rows(one: &str, other: &str) {
    let (one, other) = (manager(one, None).await, manager(other, None).await);
    let (a, b) = (one.database().read(), other.database().read());
    let jobs = || job::Entity::find().order_by_asc(job::Column::Id);
    assert!(
        jobs().all(a).await.unwrap() == jobs().all(b).await.unwrap(),
        "the jobs are not the same"
    );
    let events = || {
        job_event::Entity::find()
            .order_by_asc(job_event::Column::JobId)
            .order_by_asc(job_event::Column::Seq)
    };
    let told = |events: Vec<job_event::Model>| -> Vec<job_event::Model> {
        events
            .into_iter()
            .map(|event| job_event::Model { id: 0, ..event })
            .collect()
    };
    assert!(
        told(events().all(a).await.unwrap()) == told(events().all(b).await.unwrap()),
        "the events are not the same"
    );
    for service in [one, other] {
        service.database().clone().close().await.unwrap();
    }
}
