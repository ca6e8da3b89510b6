//! Deletes a job: the row, its items and its history. One event remains, which records the
//! deletion.

use crate::{
    db::{
        BatchWrite, Call, Entry, QueuedWrite, Tx, Write, WriteOutcome,
        catalog::webhooks::before_they_go::plan_before_they_go,
        connection::errors,
        events::{event, write_events},
        jobs::{
            change_job::check_version,
            locks::{self, locked},
        },
        one_job,
        rows::{bulk, job_rows},
        stats::roll_up::count_before_they_go,
        writer::by::{self, By},
    },
    error::{Error, Resource, Result},
    lifecycle::EventKind,
};
use chrono::{DateTime, Utc};
use entity::{archived_job, job, job_event};
use sea_orm::{
    ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{Expr, LockType},
};
use serde_json::{Map, Value};
use std::collections::HashMap;

pub struct DeleteJob {
    pub id: String,
    pub if_version: Option<Vec<i64>>,
    pub now: DateTime<Utc>,
}

impl Write for DeleteJob {
    type Output = ();

    async fn apply(&self, tx: &Tx) -> Result<()> {
        let job = one_job(tx, job::Entity::find_by_id(&self.id).lock(LockType::Update)).await?;
        let job = job.ok_or(Error::NotFound(Resource::Job))?;
        self.delete(tx, job, &tx.by()).await
    }

    fn key(&self) -> Option<&str> {
        Some(&self.id)
    }

    fn queued(entry: Entry<Self>) -> QueuedWrite {
        QueuedWrite::Delete(Box::new(entry))
    }
}

impl BatchWrite for DeleteJob {
    async fn apply_all(writes: &[Call<'_, Self>], tx: &Tx) -> Result<Vec<WriteOutcome<()>>> {
        let ids: Vec<&str> = writes.iter().map(|write| write.id.as_str()).collect();
        let of_ids = bulk::is_one_of(tx.get_database_backend(), Expr::col(job::Column::Id), &ids);
        let skip_locked = locks::skips_locked_rows(tx);
        let find = locked(
            job::Entity::find().filter(of_ids),
            LockType::Update,
            skip_locked,
        );
        let found = job_rows::read(tx, find.build(tx.get_database_backend())).await?;
        let mut jobs: HashMap<String, job::Model> = found
            .jobs
            .into_iter()
            .map(|job| (job.id.clone(), job))
            .collect();
        let missing: Vec<&str> = ids
            .into_iter()
            .filter(|id| skip_locked && !jobs.contains_key(*id))
            .collect();
        let held = locks::there(tx, &missing).await?;
        let mut outcomes = Vec::with_capacity(writes.len());
        for write in writes {
            outcomes.push(match jobs.get(&write.id) {
                Some(job) => match write.delete(tx, job.clone(), write.by).await {
                    Err(error) if errors::is_database_error(&error) => return Err(error),
                    outcome => {
                        if outcome.is_ok() {
                            jobs.remove(&write.id);
                        }
                        outcome.into()
                    }
                },
                None if found.unreadable.contains(&write.id) => {
                    WriteOutcome::Refused(Error::Unreadable(write.id.clone()))
                }
                None if held.contains(&write.id) => WriteOutcome::Blocked,
                None => WriteOutcome::Refused(Error::NotFound(Resource::Job)),
            });
        }
        Ok(outcomes)
    }
}

impl DeleteJob {
    async fn delete(&self, tx: &Tx, job: job::Model, by: &By) -> Result<()> {
        by::check(by, &job)?;
        check_version(&job, self.if_version.as_deref())?;
        remove(tx, vec![job], self.now, by, Gone::Deleted).await
    }
}

/// Why jobs leave the database.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::db) enum Gone {
    Deleted,
    Archived,
}

/// Removes jobs whose rows the transaction has read, with their items and their history. One event
/// of each remains, which records the deletion.
pub(in crate::db) async fn remove(
    tx: &Tx,
    jobs: Vec<job::Model>,
    now: DateTime<Utc>,
    by: &By,
    gone: Gone,
) -> Result<()> {
    let ids: Vec<&str> = jobs.iter().map(|job| job.id.as_str()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    plan_before_they_go(tx, &ids, now).await?;
    let of = |column| bulk::is_one_of(tx.get_database_backend(), column, &ids);
    let rows = of(Expr::col(job::Column::Id));
    job::Entity::delete_many().filter(rows).exec(tx).await?;
    count_before_they_go(tx, &ids).await?;
    let events = of(Expr::col(job_event::Column::JobId));
    job_event::Entity::delete_many()
        .filter(events)
        .exec(tx)
        .await?;
    // What is left of jobs that were archived and restored before.
    let restored = of(Expr::col(archived_job::Column::JobId));
    archived_job::Entity::delete_many()
        .filter(restored)
        .exec(tx)
        .await?;
    let event = |mut job: job::Model| {
        // The event of the deletion may be one step beyond the maximum version of a job.
        job.version = job.version.saturating_add(1);
        job.updated_at = now;
        let data = data_of(&job, gone);
        let mut event = event(None, &job, EventKind::Deleted, data);
        by::sign(&mut event, by);
        event
    };
    let events: Vec<_> = jobs.into_iter().map(event).collect();
    write_events(tx, &events).await?;
    Ok(())
}

/// Returns the data of the event. A subscriber that filters by label cannot look the labels up any
/// more.
fn data_of(job: &job::Model, gone: Gone) -> Option<Value> {
    let labels = job.labels.as_ref().map(|labels| ("labels", labels.clone()));
    let archived = (gone == Gone::Archived).then(|| ("archived", true.into()));
    let members = labels.into_iter().chain(archived);
    let data: Map<String, Value> = members
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    (!data.is_empty()).then_some(Value::Object(data))
}
