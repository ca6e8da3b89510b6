//! Rescues jobs whose lease or running time has ended: the index of running jobs finds them, and
//! they are changed like any others.

use crate::{
    db::{
        Tx, Write, dialect,
        jobs::change_job::{Change, ChangeJob, ChangeJobs, Changed, Items, Loaded},
    },
    error::Result,
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::job;
use sea_orm::{ConnectionTrait, DbErr, Statement, Value};
use std::sync::Arc;

/// Decision on one job, as [`crate::db::jobs::change_job::Decide`].
pub type DecideExpired = Box<dyn Fn(&Loaded) -> Result<Option<Change>> + Send + Sync>;

/// Times that decide whether a lease has ended. Without a jump of the clock all of them say the
/// same: it has ended by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseEnd {
    /// Time by which every lease has ended that ends before it: the earlier of now, and of now as
    /// the clock would show it without its jump.
    pub surely_by: DateTime<Utc>,
    /// The later of both: a lease that ends before it has ended if its worker was heard of since
    /// `heard_since`, unless it ends before that time too. Such a lease was given before the clock
    /// jumped ahead, and the worker has reported since without extending it.
    pub by: DateTime<Utc>,
    pub heard_since: DateTime<Utc>,
    /// Time so late that no server can have given a lease until then: such a lease is none.
    pub impossible_after: DateTime<Utc>,
}

/// Maximum duration of a lease: one day.
pub const MAX_LEASE: TimeDelta = TimeDelta::days(1);

/// Difference of clocks that a lease of the maximum duration is allowed.
const LEASE_ALLOWANCE: TimeDelta = TimeDelta::minutes(5);

impl LeaseEnd {
    /// Leases that have ended by a time, by a clock that did not jump.
    pub fn by(now: DateTime<Utc>) -> Self {
        Self::between(now, now, now)
    }

    /// Leases that have ended by one of two times.
    pub fn between(now: DateTime<Utc>, other: DateTime<Utc>, heard_since: DateTime<Utc>) -> Self {
        let by = now.max(other);
        Self {
            surely_by: now.min(other),
            by,
            heard_since,
            impossible_after: by + MAX_LEASE + LEASE_ALLOWANCE,
        }
    }

    /// Returns whether the lease of the job has ended.
    pub fn is_over(&self, job: &job::Model) -> bool {
        let heard = job.last_heard_at.or(job.status_since);
        job.lease_expires_at.is_some_and(|expires| {
            expires <= self.surely_by
                || (expires <= self.by
                    && expires >= self.heard_since
                    && heard.is_some_and(|at| at >= self.heard_since))
                || expires > self.impossible_after
        })
    }

    /// Returns whether the attempt has lasted for its maximum.
    pub fn is_too_long(&self, job: &job::Model) -> bool {
        job.run_until.is_some_and(|until| until <= self.surely_by)
    }

    fn values(&self) -> [Value; 4] {
        let Self {
            surely_by,
            by,
            heard_since,
            impossible_after,
        } = *self;
        [surely_by, by, heard_since, impossible_after].map(Value::from)
    }
}

pub struct RescueJobs {
    pub end: LeaseEnd,
    /// Number of jobs to skip, because an earlier rescue of them failed.
    pub skipped: u64,
    /// Decisions, one per job; their number limits the jobs that are rescued.
    pub decide: Vec<Arc<DecideExpired>>,
}

impl Write for RescueJobs {
    /// Outcome of each job that was found. Jobs that another transaction has locked are left out.
    type Output = Vec<Result<Changed>>;

    async fn apply(&self, tx: &Tx) -> Result<Self::Output> {
        let backend = tx.get_database_backend();
        let limit = i64::try_from(self.decide.len()).unwrap_or(i64::MAX);
        let sql = dialect::claims::expired(backend);
        let skipped = i64::try_from(self.skipped).unwrap_or(i64::MAX);
        let [a, b, c, d] = self.end.values();
        let values = [a, b, c, d, limit.into(), skipped.into()];
        let found = Statement::from_sql_and_values(backend, sql, values);
        let mut changes = Vec::new();
        for (row, decide) in tx.query_all_raw(found).await?.iter().zip(&self.decide) {
            let decide = decide.clone();
            let decide = Box::new(move |loaded: &Loaded| decide(loaded));
            // The default for an id that is not text: it matches no job, which only fails this one
            // change.
            let id = row.try_get_by_index(0).unwrap_or_default();
            changes.push(ChangeJob {
                id,
                if_version: None,
                items: Items::Counted,
                weight: 0,
                decide,
            });
        }
        ChangeJobs(changes).apply(tx).await
    }
}

/// Returns whether the lease or the running time of any job has ended.
pub async fn expired(db: &impl ConnectionTrait, end: &LeaseEnd) -> Result<bool, DbErr> {
    let backend = db.get_database_backend();
    let sql = dialect::claims::any_expired(backend);
    let found = db
        .query_one_raw(Statement::from_sql_and_values(backend, sql, end.values()))
        .await?;
    Ok(found.is_some())
}

/// Returns when a worker of a running job was last heard of; for one that never was, when the job
/// was given to it.
pub async fn newest_heard(db: &impl ConnectionTrait) -> Result<Option<DateTime<Utc>>, DbErr> {
    let backend = db.get_database_backend();
    let sql = dialect::claims::newest_heard(backend);
    let row = db
        .query_one_raw(Statement::from_string(backend, sql))
        .await?;
    row.map_or(Ok(None), |row| row.try_get_by_index(0))
}
