//! Activity of workers: stored, listed, and forgotten when they are gone.

use crate::{
    db::{
        Database, Readable, Tx, Write, dialect::is_processing, jobs::list::columns::brief, jobs_of,
    },
    error::Result,
};
use chrono::{DateTime, Utc};
use entity::{job, worker};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, Func, OnConflict},
};
use serde_json::Value;
use std::sync::Arc;

/// Activity of a worker since it was last stored.
#[derive(Clone, Debug, Default)]
pub struct WorkerNote {
    pub worker_id: Arc<str>,
    /// Host of the worker; `None` if it did not report one, which keeps the stored value.
    pub host: Option<String>,
    pub version: Option<String>,
    pub job_types: Option<Arc<[String]>>,
    pub seen_at: DateTime<Utc>,
    pub claimed: i64,
    pub completed: i64,
    pub failed: i64,
    pub rescued: i64,
}

impl WorkerNote {
    /// Returns whether both describe the worker with the same host, version and job types.
    pub fn says_the_same(&self, other: &Self) -> bool {
        (&self.host, &self.version, &self.job_types)
            == (&other.host, &other.version, &other.job_types)
    }

    pub fn add_counts(&mut self, other: &Self) {
        self.claimed += other.claimed;
        self.completed += other.completed;
        self.failed += other.failed;
        self.rescued += other.rescued;
    }

    pub fn forget_counts(&mut self) {
        (self.claimed, self.completed, self.failed, self.rescued) = (0, 0, 0, 0);
    }
}

/// Rows per statement. A statement has this many rows or one, so that a connection prepares only
/// two texts.
const ROWS_PER_STATEMENT: usize = 32;

/// Stores the activity of workers, in the order of their ids, so that two servers that store the
/// same workers do not deadlock.
pub struct NoteWorkers(pub Vec<WorkerNote>);

impl Write for NoteWorkers {
    type Output = ();

    async fn apply(&self, tx: &Tx) -> Result<()> {
        let pieces = self.0.chunks_exact(ROWS_PER_STATEMENT);
        for piece in pieces.clone().chain(pieces.remainder().chunks(1)) {
            let rows =
                worker::Entity::insert_many(piece.iter().map(row)).on_conflict(on_conflict());
            rows.exec_without_returning(tx).await?;
        }
        Ok(())
    }
}

fn row(note: &WorkerNote) -> worker::ActiveModel {
    worker::ActiveModel {
        worker_id: Set(note.worker_id.as_ref().to_owned()),
        host: Set(note.host.clone()),
        version: Set(note.version.clone()),
        job_types: Set(note
            .job_types
            .as_deref()
            .map(|types| Value::from(types.to_vec()))),
        first_seen_at: Set(note.seen_at),
        last_seen_at: Set(note.seen_at),
        claimed: Set(note.claimed),
        completed: Set(note.completed),
        failed: Set(note.failed),
        rescued: Set(note.rescued),
    }
}

/// Merge rule for a worker that is stored already.
fn on_conflict() -> OnConflict {
    use worker::Column as C;
    let old = |column: C| Expr::col((worker::Entity, column));
    let new = |column: C| Expr::col(("excluded", column));
    let mut kept = OnConflict::column(C::WorkerId);
    for column in [C::Host, C::Version, C::JobTypes] {
        kept.value(column, Func::coalesce([new(column), old(column)]));
    }
    for column in [C::Claimed, C::Completed, C::Failed, C::Rescued] {
        kept.value(column, old(column).add(new(column)));
    }
    let later = Expr::case(
        old(C::LastSeenAt).gt(new(C::LastSeenAt)),
        old(C::LastSeenAt),
    )
    .finally(new(C::LastSeenAt));
    kept.value(C::LastSeenAt, later).to_owned()
}

/// Forgets workers that were last seen before a time and hold no job.
pub struct ForgetWorkers {
    pub before: DateTime<Utc>,
    pub at_most: u64,
}

impl Write for ForgetWorkers {
    type Output = u64;

    async fn apply(&self, tx: &Tx) -> Result<u64> {
        let holders = job::Entity::find()
            .select_only()
            .column(job::Column::WorkerId)
            // Spelled like the predicate of the partial index, so that the planner uses it.
            .filter(Expr::cust("status = 'processing'"))
            .filter(job::Column::WorkerId.is_not_null())
            .into_query();
        let some = worker::Entity::find()
            .select_only()
            .column(worker::Column::WorkerId)
            .filter(worker::Column::LastSeenAt.lt(self.before))
            .filter(worker::Column::WorkerId.not_in_subquery(holders))
            .limit(self.at_most)
            .into_query();
        let gone = worker::Entity::delete_many().filter(worker::Column::WorkerId.in_subquery(some));
        Ok(gone.exec(tx).await?.rows_affected)
    }
}

impl Database {
    /// Returns the first `limit` worker rows behind this one, those seen last first.
    pub async fn workers_behind(
        &self,
        after: Option<&worker::Model>,
        limit: u64,
    ) -> Result<Vec<worker::Model>> {
        use worker::Column as C;
        let newest = worker::Entity::find()
            .order_by_desc(C::LastSeenAt)
            .order_by_asc(C::WorkerId)
            .limit(limit);
        let behind = match after {
            Some(row) => newest.filter(
                C::LastSeenAt.lt(row.last_seen_at).or(C::LastSeenAt
                    .eq(row.last_seen_at)
                    .and(C::WorkerId.gt(row.worker_id.as_str()))),
            ),
            None => newest,
        };
        Ok(behind.rows(self.read()).await?)
    }

    /// Returns the jobs that workers hold, without their large columns: at most `limit`.
    pub async fn held_jobs(&self, limit: u64) -> Result<Vec<job::Model>> {
        let held = brief()
            .filter(is_processing())
            .filter(job::Column::WorkerId.is_not_null())
            .order_by_asc(job::Column::Id)
            .limit(limit);
        Ok(jobs_of(self.read(), held).await?)
    }
}
