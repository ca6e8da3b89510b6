//! The writes: what each does inside its transaction, a noun a file.

mod action;
mod active;
mod catalog;
mod change_job;
mod changes;
mod claim_jobs;
mod create_job;
mod delete_job;
mod held;
mod import;
mod items;
mod positions;
mod probe;
mod prune_events;
mod queue_front;
mod queues;
mod rescue_jobs;
mod retry_failed_items;
mod stats;
mod weight;
mod workers;

pub use action::{Act, Deed, Due, EndAction, StartAction, TakeAction};
pub use active::{RemoveActive, SetActive};
pub use catalog::{CreateEpisode, CreateSeries, DeleteEpisode, DeleteSeries};
pub use change_job::{Change, ChangeJob, ChangeJobs, Changed, Items, Loaded};
pub use claim_jobs::{ClaimJobs, Claimed, claim_statements, running};
pub use create_job::{CreateJob, CreateJobs, Created};
pub use delete_job::DeleteJob;
pub use import::{
    AbortImport, ActiveJob, BeatImport, FinishImport, GiveUpImports, ImportBatch, ImportedJob, Landed, OnConflict,
    OwnRows, PruneImport, StartImport, foresee,
};
pub use positions::position;
pub use probe::{ProbeWrite, TakeBackProbe};
pub use prune_events::{PruneEvents, Pruned};
pub use queue_front::{Level, first_due, levels};
pub use queues::{SetQueue, queues};
pub use rescue_jobs::{DecideExpired, RescueJobs, expired};
pub use retry_failed_items::RetryFailedItems;
pub use stats::{Counted, RollUp, Tallies, counted, tally};
pub use weight::{weight_of, weight_of_members};
pub use workers::{ForgetWorkers, NoteWorkers, WorkerNote};

use crate::{
    db::{News, Tx, bulk},
    error::{Error, Result, Thing},
    lifecycle::{EventKind, seconds_spent},
};
use entity::{episode, job, job_event, series};
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, QueryTrait, Select, TryInsertResult,
    sea_query::{LockType, OnConflict as Conflict},
};

/// Rows of a multi-row insert of an import.
const ROWS_PER_INSERT: usize = 500;

/// The event that tells of the change from one row to the next.
fn event(
    before: Option<&job::Model>,
    job: &job::Model,
    kind: EventKind,
    data: Option<serde_json::Value>,
) -> job_event::Model {
    let left = before.filter(|before| before.status != job.status);
    let seconds = left.and_then(|left| seconds_spent(left.status, left.status_since, left.run_at, job.updated_at));
    job_event::Model {
        // The database counts.
        id: 0,
        job_id: job.id.clone(),
        seq: job.version,
        kind: kind.as_str().to_owned(),
        status: job.status,
        progress: job.progress,
        current_stage: job.current_stage.clone(),
        total_shots: job.total_shots,
        completed_shots: job.completed_shots,
        data,
        created_at: job.updated_at,
        job_type: Some(job.job_type.clone()),
        seconds,
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

/// Writes the events, and tells of them once they are committed. A job that ends with them is nobody's active one.
async fn write_events(tx: &Tx, events: &[job_event::Model]) -> Result<(), DbErr> {
    events.iter().filter_map(news).for_each(|news| tx.tell(news));
    active::clear_ended(tx, events).await?;
    bulk::insert::<job_event::Entity, _>(tx, events).await
}

fn news(event: &job_event::Model) -> Option<News> {
    let job_type = event.job_type.clone()?;
    Some(News { job_id: event.job_id.clone(), job_type, seq: event.seq, status: event.status })
}

/// What an earlier call with the same idempotency key made, unless that call was another request.
fn replay<M>(first: Option<M>, same_request: impl Fn(&M) -> bool) -> Result<Option<M>> {
    match first {
        Some(first) if !same_request(&first) => Err(Error::IdempotencyKeyReused),
        first => Ok(first),
    }
}

/// Names the parent that is missing, and keeps those that are there from being deleted before the commit. A violated
/// foreign key could not say which one it was, and would end the whole transaction. False when one of them is held by
/// another transaction, and passed over.
async fn check_parents(
    tx: &impl ConnectionTrait,
    series_id: Option<&str>,
    episode_id: Option<&str>,
    skip_locked: bool,
) -> Result<bool> {
    let missing = |thing, id: &str, pointer| Error::UnknownReference { thing, id: id.to_owned(), pointer };
    if let Some(id) = series_id {
        match look(tx, series::Entity::find_by_id(id), skip_locked).await? {
            Look::Kept => {}
            Look::Held => return Ok(false),
            Look::Missing => return Err(missing(Thing::Series, id, "/series_id")),
        }
    }
    if let Some(id) = episode_id {
        match look(tx, episode::Entity::find_by_id(id), skip_locked).await? {
            Look::Kept => {}
            Look::Held => return Ok(false),
            Look::Missing => return Err(missing(Thing::Episode, id, "/episode_id")),
        }
    }
    Ok(true)
}

/// What a look for a parent found.
enum Look {
    /// It stays until the commit.
    Kept,
    Held,
    Missing,
}

async fn look<E: EntityTrait>(tx: &impl ConnectionTrait, find: Select<E>, skip_locked: bool) -> Result<Look, DbErr> {
    let found = async |find: Select<E>| tx.query_one_raw(find.build(tx.get_database_backend())).await;
    if found(held::locked(find.clone(), LockType::KeyShare, skip_locked)).await?.is_some() {
        return Ok(Look::Kept);
    }
    let held = skip_locked && found(find).await?.is_some();
    Ok(if held { Look::Held } else { Look::Missing })
}
