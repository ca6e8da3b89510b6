//! Deletes a job: the row, its items and its history. One event remains, which records the
//! deletion.

use crate::{
    db::{
        BatchWrite, Entry, QueuedWrite, Tx, Write, WriteOutcome,
        connection::errors,
        events::{event, write_events},
        jobs::{
            change_job::check_version,
            locks::{self, locked},
        },
        one_job,
        rows::{bulk, job_rows},
        stats::roll_up::count_before_they_go,
    },
    error::{Error, Resource, Result},
    lifecycle::EventKind,
};
use chrono::{DateTime, Utc};
use entity::{job, job_event};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{Expr, LockType},
};
use serde_json::json;
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
        self.delete(tx, job.ok_or(Error::NotFound(Resource::Job))?)
            .await
    }

    fn key(&self) -> Option<&str> {
        Some(&self.id)
    }

    fn queued(entry: Entry<Self>) -> QueuedWrite {
        QueuedWrite::Delete(Box::new(entry))
    }
}

impl BatchWrite for DeleteJob {
    async fn apply_all(writes: &[&Self], tx: &Tx) -> Result<Vec<WriteOutcome<()>>> {
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
                Some(job) => match write.delete(tx, job.clone()).await {
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
    async fn delete(&self, tx: &Tx, mut job: job::Model) -> Result<()> {
        check_version(&job, self.if_version.as_deref())?;
        job::Entity::delete_by_id(&self.id).exec(tx).await?;
        count_before_they_go(tx, &self.id).await?;
        job_event::Entity::delete_many()
            .filter(job_event::Column::JobId.eq(&self.id))
            .exec(tx)
            .await?;
        // The event of the deletion may be one step beyond the maximum version of a job.
        job.version = job.version.saturating_add(1);
        job.updated_at = self.now;
        // A subscriber that filters by label cannot look the labels up any more.
        let event_data = job.labels.as_ref().map(|labels| json!({"labels": labels}));
        write_events(tx, &[event(None, &job, EventKind::Deleted, event_data)]).await?;
        Ok(())
    }
}
