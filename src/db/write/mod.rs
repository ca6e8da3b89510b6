//! Work of each write inside its transaction, one file per noun.

mod action;
mod active;
mod catalog;
mod change_job;
mod changes;
mod claim_jobs;
mod claim_size;
mod claimed_before;
mod create_job;
mod delete_job;
mod import;
mod items;
mod locks;
mod positions;
mod probe;
mod prune_events;
mod prune_log_lines;
mod queue_head;
mod queues;
mod rescue_jobs;
mod retry_failed_items;
mod stats;
mod weight;
mod workers;

pub use action::{ActionStep, ActionTarget, ClaimAction, EndAction, RunActionBatch, StartAction};
pub use active::{RemoveActive, SetActive};
pub use catalog::{CreateEpisode, CreateSeries, DeleteEpisode, DeleteSeries};
pub use change_job::{Change, ChangeJob, ChangeJobs, Changed, Items, Loaded};
pub use claim_jobs::{ClaimJobs, Claimed, claim_statements, run_until, running};
pub use claimed_before::was_claimed;
pub use create_job::{CreateJob, CreateJobs, Created};
pub use delete_job::DeleteJob;
pub use import::{
    AbortImport, ActiveJob, FailOrphanedImports, FinishImport, HeartbeatImport, ImportBatch,
    Imported, ImportedJob, OnConflict, OwnRows, PruneImport, StartImport, dry_run,
};
pub use positions::position;
pub use probe::{ProbeWrite, TakeBackProbe};
pub use prune_events::{PruneEvents, Pruned};
pub use prune_log_lines::{FoundLines, LogLines, PruneLogLines};
pub use queue_head::{RankLevel, first_due, first_due_of_all, levels, place_in_line};
pub use queues::{SetQueue, queues};
pub use rescue_jobs::{DecideExpired, LeaseEnd, MAX_LEASE, RescueJobs, expired};
pub use retry_failed_items::RetryFailedItems;
pub use stats::{RollUp, StatEvent, Tallies, counted, tally};
pub use weight::{weight_of, weight_of_members, written_item, written_job};
pub use workers::{ForgetWorkers, NoteWorkers, WorkerNote};

use crate::{
    db::{JobChanged, Tx, bulk},
    error::{Error, Resource, Result},
    lifecycle::{EventKind, seconds_in_status},
};
use entity::{episode, job, job_event, series};
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, QueryTrait, Select, TryInsertResult,
    sea_query::{LockType, OnConflict as Conflict},
};

/// Maximum rows of a multi-row insert of an import.
const ROWS_PER_INSERT: usize = 500;

/// Builds the event that records the change from one row to the next.
fn event(
    before: Option<&job::Model>,
    job: &job::Model,
    kind: EventKind,
    data: Option<serde_json::Value>,
) -> job_event::Model {
    let left = before.filter(|before| before.status != job.status);
    let seconds = left.and_then(|left| {
        seconds_in_status(left.status, left.status_since, left.run_at, job.updated_at)
    });
    job_event::Model {
        // The database assigns the id.
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

/// Inserts the row and returns true. Returns false if a row with the same id or unique key exists,
/// which stays.
async fn insert_unless_there<A>(tx: &impl ConnectionTrait, row: A) -> Result<bool, DbErr>
where
    A: sea_orm::ActiveModelTrait,
{
    let insert = A::Entity::insert(row)
        .on_conflict(Conflict::new().do_nothing().to_owned())
        .try_insert();
    Ok(matches!(
        insert.exec_without_returning(tx).await?,
        TryInsertResult::Inserted(1)
    ))
}

/// Writes the events, and adds them to the commit notice. Jobs that end with them leave the
/// clients' lists.
async fn write_events(tx: &Tx, events: &[job_event::Model]) -> Result<(), DbErr> {
    events
        .iter()
        .filter_map(job_changed)
        .for_each(|news| tx.tell(news));
    active::clear_ended(tx, events).await?;
    bulk::insert::<job_event::Entity, _>(tx, events).await
}

fn job_changed(event: &job_event::Model) -> Option<JobChanged> {
    let job_type = event.job_type.clone()?;
    Some(JobChanged {
        job_id: event.job_id.clone(),
        job_type,
        seq: event.seq,
        status: event.status,
    })
}

/// Returns the result of an earlier call with the same idempotency key.
///
/// Errors: `idempotency_key_reused`, if that call was another request.
fn replay<M>(first: Option<M>, same_request: impl Fn(&M) -> bool) -> Result<Option<M>> {
    match first {
        Some(first) if !same_request(&first) => Err(Error::IdempotencyKeyReused),
        first => Ok(first),
    }
}

/// Checks that the parents exist, and locks them, so that they are not deleted before the commit.
/// The error names the missing one: a violated foreign key would not, and would end the whole
/// transaction. Returns false if another transaction has locked a parent, and the query skipped it.
async fn check_parents(
    tx: &impl ConnectionTrait,
    series_id: Option<&str>,
    episode_id: Option<&str>,
    skip_locked: bool,
) -> Result<bool> {
    let missing = |thing, id: &str, pointer| Error::UnknownReference {
        thing,
        id: id.to_owned(),
        pointer,
    };
    if let Some(id) = series_id {
        match look(tx, series::Entity::find_by_id(id), skip_locked).await? {
            ParentLock::Locked => {}
            ParentLock::Blocked => return Ok(false),
            ParentLock::Missing => return Err(missing(Resource::Series, id, "/series_id")),
        }
    }
    if let Some(id) = episode_id {
        match look(tx, episode::Entity::find_by_id(id), skip_locked).await? {
            ParentLock::Locked => {}
            ParentLock::Blocked => return Ok(false),
            ParentLock::Missing => return Err(missing(Resource::Episode, id, "/episode_id")),
        }
    }
    Ok(true)
}

/// Result of the search for a parent.
enum ParentLock {
    /// The parent exists, and stays until the commit.
    Locked,
    Blocked,
    Missing,
}

async fn look<E: EntityTrait>(
    tx: &impl ConnectionTrait,
    find: Select<E>,
    skip_locked: bool,
) -> Result<ParentLock, DbErr> {
    let found = async |find: Select<E>| {
        tx.query_one_raw(find.build(tx.get_database_backend()))
            .await
    };
    if found(locks::locked(find.clone(), LockType::KeyShare, skip_locked))
        .await?
        .is_some()
    {
        return Ok(ParentLock::Locked);
    }
    let held = skip_locked && found(find).await?.is_some();
    Ok(if held {
        ParentLock::Blocked
    } else {
        ParentLock::Missing
    })
}
