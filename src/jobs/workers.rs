//! list_workers: who asks for jobs, and what it holds. A worker is registered by its calls.

use super::{
    Claim, JobManager,
    list_jobs::{View, columns},
    worker_book::Present,
};
use crate::{
    db::{
        Readable, jobs_of,
        write::{ForgetWorkers, NoteWorkers, WorkerNote},
    },
    error::Result,
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::{job, worker};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::Expr};
use std::collections::HashMap;

/// A worker that holds nothing and was not heard of for so long is stale.
const STALE: TimeDelta = TimeDelta::seconds(90);

/// A stale worker is forgotten after this.
const FORGET: TimeDelta = TimeDelta::days(1);

/// Jobs in hand that a list of workers shows.
const MOST_HELD: u64 = 10_000;

/// Where a worker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerStatus {
    /// It holds a job.
    Busy,
    /// It asks for jobs.
    Idle,
    /// It is not heard of any more.
    Stale,
}

#[derive(Clone, Debug)]
pub struct Worker {
    pub row: worker::Model,
    pub status: WorkerStatus,
    /// What it holds, without the large fields.
    pub jobs: Vec<job::Model>,
}

impl JobManager {
    /// All workers that are not forgotten, by id.
    pub async fn list_workers(&self) -> Result<Vec<Worker>> {
        self.note_workers().await?;
        let now = self.now();
        let db = self.db.read();
        let rows = worker::Entity::find().order_by_asc(worker::Column::WorkerId).rows(db).await?;
        let mut held: HashMap<String, Vec<job::Model>> = HashMap::new();
        for job in jobs_of(db, held_jobs()).await? {
            held.entry(job.worker_id.clone().unwrap_or_default()).or_default().push(job);
        }
        let worker = |row: worker::Model| {
            let jobs = held.remove(&row.worker_id).unwrap_or_default();
            Worker { status: status(&row, &jobs, now), row, jobs }
        };
        Ok(rows.into_iter().map(worker).collect())
    }

    /// Writes down what was heard of workers since the last time, and answers with how many.
    pub async fn note_workers(&self) -> Result<u64> {
        let notes = self.workers.take(self.now());
        if notes.is_empty() {
            return Ok(0);
        }
        let count = notes.len() as u64;
        let written = self.db.commit(NoteWorkers(notes.clone())).await;
        if written.is_err() {
            self.workers.put_back(notes);
        }
        written.map(|()| count)
    }

    /// Forgets workers that were not heard of for a day, and answers with how many.
    pub async fn forget_workers(&self) -> Result<u64> {
        self.db.commit(ForgetWorkers { before: self.now() - FORGET }).await
    }

    /// The worker asks for jobs: it is there while it does. One that nobody knew is written down at once.
    pub(super) async fn note_claim(&self, claim: &Claim) -> Present {
        let (present, new) = self.workers.introduce(WorkerNote {
            worker_id: claim.worker_id.clone(),
            host: claim.host.clone(),
            version: claim.version.clone(),
            job_types: Some(claim.job_types.clone()),
            seen_at: self.now(),
            ..WorkerNote::default()
        });
        if new && let Err(error) = self.note_workers().await {
            // A worker gets its jobs whether or not it is listed; it will be written down a little later.
            tracing::debug!(%error, "a worker was not written down");
        }
        present
    }
}

/// Jobs that workers hold, of which a few columns are shown.
fn held_jobs() -> Select<job::Entity> {
    columns(View::Summary)
        // As the predicate of the index says it.
        .filter(Expr::cust("status = 'processing'"))
        .filter(job::Column::WorkerId.is_not_null())
        .order_by_asc(job::Column::Id)
        .limit(MOST_HELD)
}

fn status(row: &worker::Model, jobs: &[job::Model], now: DateTime<Utc>) -> WorkerStatus {
    if jobs.iter().any(|job| job.lease_expires_at.is_none_or(|expires| expires > now)) {
        return WorkerStatus::Busy;
    }
    if row.last_seen_at < now - STALE { WorkerStatus::Stale } else { WorkerStatus::Idle }
}
