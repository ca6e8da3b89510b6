//! list_workers: workers that ask for jobs, with the jobs that they hold. The calls of a worker
//! register it.

use super::{
    Claim, JobManager,
    list_jobs::brief,
    worker_activity::{FlushTurn, MAX_REMEMBERED, PresenceGuard},
};
use crate::{
    db::{
        Readable, jobs_of,
        write::{ForgetWorkers, NoteWorkers, WorkerNote, weight_of},
    },
    error::Result,
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::{job, worker};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait},
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::time::timeout;

/// Time without a call after which a worker that holds no job is stale.
const STALE_AFTER: TimeDelta = TimeDelta::seconds(90);

/// Time without a call after which a worker is deleted from the list.
const FORGET_AFTER: TimeDelta = TimeDelta::days(1);

/// Maximum number of held jobs in a list of workers.
const MAX_HELD_JOBS: u64 = 10_000;

/// Status of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerStatus {
    /// Holds a job under a lease that has not expired, or without a lease.
    Busy,
    /// Asks for jobs, and holds none.
    Idle,
    /// Holds no job, and has not called for 90 seconds.
    Stale,
}

#[derive(Clone, Debug)]
pub struct Worker {
    pub row: worker::Model,
    pub status: WorkerStatus,
    /// Jobs that the worker holds, without their large fields.
    pub jobs: Vec<job::Model>,
}

/// Maximum number of workers in one response.
const MAX_LISTED: usize = 10_000;

/// Approximate maximum size of the worker rows in one response, in bytes.
const MAX_LIST_BYTES: usize = 8 << 20;

/// Number of worker rows that one query reads.
const PAGE_ROWS: u64 = 1_000;

/// Maximum number of rows that one transaction deletes: other writes run in between.
const MAX_FORGOTTEN: u64 = 1_000;

/// Maximum time that a claim waits until its worker is listed on every server.
const LISTING_TIMEOUT: Duration = Duration::from_secs(1);

/// Workers in the list, ordered by id.
pub struct Workers {
    pub workers: Vec<Worker>,
    /// True if there are more workers; these are the ones seen last.
    pub more: bool,
}

impl JobManager {
    /// Lists the known workers, ordered by id: at most 10,000, and at most about 8 MiB.
    pub async fn list_workers(&self) -> Result<Workers> {
        // The list is read even if the database takes no writes at the moment.
        if let Err(error) = self.note_workers().await {
            tracing::debug!(%error, "cannot write what workers did; a later flush retries");
        }
        let now = self.now();
        let (rows, more) = self.worker_rows(now).await?;
        let mut held: HashMap<String, Vec<job::Model>> = HashMap::new();
        for job in jobs_of(self.db.read(), held_jobs()).await? {
            held.entry(job.worker_id.clone().unwrap_or_default())
                .or_default()
                .push(job);
        }
        let worker = |row: worker::Model| {
            let jobs = held.remove(&row.worker_id).unwrap_or_default();
            Worker {
                status: status(&row, &jobs, now),
                row,
                jobs,
            }
        };
        Ok(Workers {
            workers: rows.into_iter().map(worker).collect(),
            more,
        })
    }

    /// Returns the rows of the workers seen last, ordered by id, and whether there are more.
    async fn worker_rows(&self, now: DateTime<Utc>) -> Result<(Vec<worker::Model>, bool)> {
        let (mut rows, mut bytes): (Vec<worker::Model>, _) = (Vec::new(), 0);
        let more = 'full: loop {
            let page = newest_workers(rows.last()).rows(self.db.read()).await?;
            let last = (page.len() as u64) < PAGE_ROWS;
            for row in page {
                bytes += weight(&row);
                if rows.len() >= MAX_LISTED || bytes > MAX_LIST_BYTES {
                    break 'full true;
                }
                rows.push(row);
            }
            if last {
                break false;
            }
        };
        for row in &mut rows {
            let seen = self.workers.last_seen(&row.worker_id, now);
            row.last_seen_at = Ord::max(row.last_seen_at, seen.unwrap_or(row.last_seen_at));
        }
        rows.sort_by(|a, b| a.worker_id.cmp(&b.worker_id));
        Ok((rows, more))
    }

    /// Writes the worker activity since the last flush, in several transactions, and returns the
    /// number of rows.
    pub async fn note_workers(&self) -> Result<u64> {
        let mut count = 0;
        loop {
            let turn = self.workers.flush_turn().await;
            let notes = self.workers.take(&turn, self.now());
            let rows = notes.len();
            self.write_notes(turn, notes).await?;
            count += rows as u64;
            // Activity that arrives during this loop goes into the next call.
            if rows == 0 || count >= MAX_REMEMBERED as u64 {
                return Ok(count);
            }
        }
    }

    /// Writes the notes in a separate task, so that they are written even if the caller goes away.
    async fn write_notes(&self, turn: FlushTurn, notes: Vec<WorkerNote>) -> Result<()> {
        if notes.is_empty() {
            return Ok(());
        }
        let this = self.clone();
        let written = tokio::spawn(async move {
            let written = this.db.commit(NoteWorkers(notes.clone())).await;
            if written.is_err() {
                this.workers.put_back(notes);
            }
            drop(turn);
            written
        });
        written.await.unwrap_or(Ok(()))
    }

    /// Deletes the workers that have not called for a day, and returns their number.
    pub async fn forget_workers(&self) -> Result<u64> {
        let (before, mut forgotten) = (self.now() - FORGET_AFTER, 0);
        loop {
            let gone = self
                .db
                .commit(ForgetWorkers {
                    before,
                    at_most: MAX_FORGOTTEN,
                })
                .await?;
            forgotten += gone;
            if gone < MAX_FORGOTTEN {
                return Ok(forgotten);
            }
        }
    }

    /// Records that the worker asks for jobs, and counts it as present while it does. The row of a
    /// new worker, or of one that asks for other types than before, is written at once.
    pub(super) async fn note_claim(
        &self,
        claim: &Claim,
        job_types: &Arc<[String]>,
    ) -> PresenceGuard {
        let (present, urgent) = self.workers.introduce(WorkerNote {
            worker_id: claim.worker_id.as_str().into(),
            host: claim.host.clone(),
            version: claim.version.clone(),
            job_types: Some(job_types.clone()),
            seen_at: self.now(),
            ..WorkerNote::default()
        });
        // A worker gets its jobs whether or not it is listed; a later flush writes its row.
        if urgent
            && let Ok(Err(error)) =
                timeout(LISTING_TIMEOUT, self.list_claimant(&claim.worker_id)).await
        {
            tracing::debug!(%error, "cannot write the row of a worker; a later flush retries");
        }
        present
    }

    /// Writes the row of the worker, with those of others that wait for the same, unless another
    /// flush has written it.
    async fn list_claimant(&self, worker_id: &str) -> Result<()> {
        while self.workers.is_urgent(worker_id) {
            let turn = self.workers.flush_turn().await;
            let notes = if self.workers.is_urgent(worker_id) {
                self.workers.take_urgent(&turn, self.now())
            } else {
                vec![]
            };
            self.write_notes(turn, notes).await?;
        }
        Ok(())
    }
}

/// Selects the worker rows behind this one, those seen last first.
fn newest_workers(after: Option<&worker::Model>) -> Select<worker::Entity> {
    use worker::Column as C;
    let newest = worker::Entity::find()
        .order_by_desc(C::LastSeenAt)
        .order_by_asc(C::WorkerId)
        .limit(PAGE_ROWS);
    match after {
        Some(row) => newest.filter(
            C::LastSeenAt.lt(row.last_seen_at).or(C::LastSeenAt
                .eq(row.last_seen_at)
                .and(C::WorkerId.gt(row.worker_id.as_str()))),
        ),
        None => newest,
    }
}

/// Returns the approximate size of the worker in a response, in bytes.
fn weight(row: &worker::Model) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    512 + row.worker_id.len()
        + text(&row.host)
        + text(&row.version)
        + row.job_types.as_ref().map_or(0, weight_of)
}

/// Selects a few columns of the jobs that workers hold.
fn held_jobs() -> Select<job::Entity> {
    brief()
        // Spelled like the predicate of the index, so that the planner uses it.
        .filter(Expr::cust("status = 'processing'"))
        .filter(job::Column::WorkerId.is_not_null())
        .order_by_asc(job::Column::Id)
        .limit(MAX_HELD_JOBS)
}

fn status(row: &worker::Model, jobs: &[job::Model], now: DateTime<Utc>) -> WorkerStatus {
    if jobs
        .iter()
        .any(|job| job.lease_expires_at.is_none_or(|expires| expires > now))
    {
        return WorkerStatus::Busy;
    }
    if row.last_seen_at < now - STALE_AFTER {
        WorkerStatus::Stale
    } else {
        WorkerStatus::Idle
    }
}
