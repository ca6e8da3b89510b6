//! The writes: what each does inside its transaction, a noun a file.

mod catalog;
mod change_job;
mod change_jobs;
mod claim_jobs;
mod create_job;
mod delete_job;
mod import;
mod queues;
mod sets;
mod workers;

pub use catalog::{CreateEpisode, CreateSeries, DeleteEpisode, DeleteSeries};
pub use change_job::{Change, ChangeJob, Changed, Items, Loaded};
pub use change_jobs::{ChangeJobs, Which, expired, light};
pub use claim_jobs::{ClaimJobs, Claimed, Level, levels, running};
pub use create_job::{CreateJob, Created};
pub use delete_job::DeleteJob;
pub use import::{
    ActiveJob, BeatImport, FinishImport, GiveUpImports, ImportBatch, ImportedJob, Landed, OnConflict, OwnRows,
    StartImport, foresee,
};
pub use queues::{SetQueue, queues};
pub use workers::{ForgetWorkers, NoteWorkers, WorkerNote};

use crate::{
    db::{News, Tx},
    error::{Error, Result, Thing},
    lifecycle::{EventKind, seconds_spent},
};
use entity::{episode, job, job_event, job_item, series};
use sea_orm::{
    ActiveValue::Set,
    ConnectionTrait, DbErr, EntityTrait, QuerySelect, TryInsertResult,
    sea_query::{LockType, OnConflict as Conflict},
};

/// Rows of a multi-row insert: 12 columns an item, 44 a job, and 32,766 values a statement on SQLite.
const ROWS_PER_INSERT: usize = 500;

/// The event that tells of the change from one row to the next.
fn event(
    before: Option<&job::Model>,
    job: &job::Model,
    kind: EventKind,
    data: Option<serde_json::Value>,
) -> job_event::ActiveModel {
    let left = before.filter(|before| before.status != job.status);
    let seconds = left.and_then(|left| seconds_spent(left.status, left.status_since, left.run_at, job.updated_at));
    job_event::ActiveModel {
        id: sea_orm::ActiveValue::NotSet,
        job_id: Set(job.id.clone()),
        seq: Set(job.version),
        kind: Set(kind.as_str().to_owned()),
        status: Set(job.status),
        progress: Set(job.progress),
        current_stage: Set(job.current_stage.clone()),
        total_shots: Set(job.total_shots),
        completed_shots: Set(job.completed_shots),
        data: Set(data),
        created_at: Set(job.updated_at),
        job_type: Set(Some(job.job_type.clone())),
        seconds: Set(seconds),
    }
}

/// Inserts the row and answers true, or leaves the one that is in its way (same id, same unique key) and answers false.
async fn insert_unless_there<A>(tx: &impl ConnectionTrait, row: A) -> Result<bool, DbErr>
where
    A: sea_orm::ActiveModelTrait,
{
    let insert = A::Entity::insert(row).on_conflict(Conflict::new().do_nothing().to_owned()).try_insert();
    Ok(matches!(insert.exec_without_returning(tx).await?, TryInsertResult::Inserted(1)))
}

/// Writes the events, and tells of them once they are committed.
async fn insert_events(tx: &Tx, events: Vec<job_event::ActiveModel>) -> Result<(), DbErr> {
    events.iter().filter_map(news).for_each(|news| tx.tell(news));
    let mut events = events.into_iter().peekable();
    while events.peek().is_some() {
        let rows = events.by_ref().take(ROWS_PER_INSERT);
        job_event::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    Ok(())
}

fn news(event: &job_event::ActiveModel) -> Option<News> {
    Some(News {
        job_id: event.job_id.try_as_ref()?.clone(),
        job_type: event.job_type.try_as_ref()?.clone()?,
        seq: *event.seq.try_as_ref()?,
        status: *event.status.try_as_ref()?,
    })
}

async fn insert_items(tx: &impl ConnectionTrait, items: &[job_item::Model]) -> Result<(), DbErr> {
    for rows in items.chunks(ROWS_PER_INSERT) {
        let rows = rows.iter().cloned().map(job_item::ActiveModel::from);
        // A model's columns all come as "unchanged" and are inserted all the same.
        job_item::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// What an earlier call with the same idempotency key made, unless that call was another request.
fn replay<M>(first: Option<M>, same_request: impl Fn(&M) -> bool) -> Result<Option<M>> {
    match first {
        Some(first) if !same_request(&first) => Err(Error::IdempotencyKeyReused),
        first => Ok(first),
    }
}

/// Names the parent that is missing, and keeps those that are there from being deleted before the commit. A violated
/// foreign key could not say which one it was, and would end the whole transaction.
async fn check_parents(tx: &impl ConnectionTrait, series_id: Option<&str>, episode_id: Option<&str>) -> Result<()> {
    let missing = |thing, id: &str, pointer| Error::UnknownReference { thing, id: id.to_owned(), pointer };
    if let Some(id) = series_id {
        let found = series::Entity::find_by_id(id).lock(LockType::KeyShare).one(tx).await?;
        found.ok_or_else(|| missing(Thing::Series, id, "/series_id"))?;
    }
    if let Some(id) = episode_id {
        let found = episode::Entity::find_by_id(id).lock(LockType::KeyShare).one(tx).await?;
        found.ok_or_else(|| missing(Thing::Episode, id, "/episode_id"))?;
    }
    Ok(())
}
