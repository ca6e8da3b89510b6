//! Write transaction, and the commit notice to publish after its commit.

use crate::db::{
    Reader,
    changes::change_bus::{CommitNotice, JobChanged},
    connection::{
        errors,
        faults::{Faults, Step},
        timed::TimedConn,
    },
    dialect,
    writer::{by::By, facts::JobFact},
};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement,
    prelude::async_trait::async_trait,
};
use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

/// Rolls the transaction back to the savepoint of one write among several.
pub(in crate::db) const ROLLBACK_TO_SAVEPOINT: &str = "ROLLBACK TO SAVEPOINT one_write";

pub struct Tx {
    inner: TimedConn<DatabaseTransaction>,
    notice: Mutex<CommitNotice>,
    facts: Mutex<Vec<JobFact>>,
    /// Caller of the write that is being made.
    by: Mutex<By>,
    written: AtomicUsize,
    /// Whether a statement failed in a way that may have ended the transaction in the database. On
    /// SQLite each later statement would be committed by itself, and on PostgreSQL a COMMIT would
    /// undo everything without an error.
    broken: AtomicBool,
    faults: Option<Faults>,
}

impl Tx {
    pub(in crate::db) async fn begin(conn: &Reader, faults: Option<Faults>) -> Result<Self, DbErr> {
        let lost = match &faults {
            Some(faults) => {
                faults
                    .before(Step::Begin, None::<&DatabaseTransaction>)
                    .await?
            }
            None => None,
        };
        let inner = conn.begin(dialect::write_transaction()).await?;
        match lost {
            Some(error) => Err(error),
            None => Ok(Self {
                inner,
                notice: Mutex::default(),
                facts: Mutex::default(),
                by: Mutex::default(),
                written: AtomicUsize::new(0),
                broken: AtomicBool::new(false),
                faults,
            }),
        }
    }

    /// Makes the next writes those of a caller.
    pub(in crate::db) fn act_for(&self, by: &By) {
        self.by
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone_from(by);
    }

    /// Caller of the write that is being made.
    pub(in crate::db) fn by(&self) -> By {
        self.by
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Adds the job's change to the commit notice.
    pub(in crate::db) fn note_change(&self, news: JobChanged) {
        self.notice
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .jobs
            .push(news);
    }

    /// Adds what the transaction does to a job, to be reported after the commit.
    pub(in crate::db) fn note_fact(&self, fact: JobFact) {
        self.facts().push(fact);
    }

    fn facts(&self) -> MutexGuard<'_, Vec<JobFact>> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a change of the job's lease, and of nothing else, to the commit notice.
    pub(in crate::db) fn note_lease(&self, job_id: String) {
        self.notice
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .leases
            .push(job_id);
    }

    /// Adds to the commit notice that more jobs change than it names.
    pub(in crate::db) fn note_any_change(&self) {
        self.notice
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .more = true;
    }

    /// Adds to the commit notice that keys change.
    pub(in crate::db) fn note_keys(&self) {
        self.notice
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .keys = true;
    }

    /// Number of statements so far that may have written. While it stays the same, there is nothing
    /// to undo.
    pub(in crate::db) fn written(&self) -> usize {
        self.written.load(Ordering::Relaxed)
    }

    /// Extent of the commit notice so far: changed jobs, changed leases, whether more changed, and
    /// facts.
    pub(in crate::db) fn notice_len(&self) -> (usize, usize, bool, usize) {
        let notice = self.notice.lock().unwrap_or_else(PoisonError::into_inner);
        let facts = self.facts().len();
        (notice.jobs.len(), notice.leases.len(), notice.more, facts)
    }

    /// Removes later changes from the commit notice, because they were undone.
    pub(in crate::db) fn forget_since(
        &self,
        (jobs, leases, more, facts): (usize, usize, bool, usize),
    ) {
        self.facts().truncate(facts);
        let mut notice = self.notice.lock().unwrap_or_else(PoisonError::into_inner);
        notice.jobs.truncate(jobs);
        notice.leases.truncate(leases);
        notice.more = more;
    }

    /// Commits, and returns the commit notice and the facts.
    pub(in crate::db) async fn commit(self) -> Result<(CommitNotice, Vec<JobFact>), DbErr> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(over());
        }
        let lost = self.fault(Step::Commit).await?;
        self.inner.commit().await?;
        match lost {
            Some(error) => Err(error),
            None => {
                let notice = self.notice.into_inner();
                let facts = self.facts.into_inner();
                Ok((
                    notice.unwrap_or_else(PoisonError::into_inner),
                    facts.unwrap_or_else(PoisonError::into_inner),
                ))
            }
        }
    }

    pub(in crate::db) async fn rollback(self) -> Result<(), DbErr> {
        self.fault(Step::Rollback).await?;
        self.inner.rollback().await
    }

    async fn fault(&self, step: Step<'_>) -> Result<Option<DbErr>, DbErr> {
        match &self.faults {
            Some(faults) => faults.before(step, Some(&self.inner)).await,
            None => Ok(None),
        }
    }

    /// Refuses a statement after one that ended the transaction. Returns the injected error that
    /// replaces the statement's own outcome, if any.
    async fn before(&self, sql: &str) -> Result<Option<DbErr>, DbErr> {
        if self.broken.load(Ordering::Relaxed) && sql != ROLLBACK_TO_SAVEPOINT {
            return Err(over());
        }
        if !dialect::only_reads(sql) {
            self.written.fetch_add(1, Ordering::Relaxed);
        }
        match self.fault(Step::Statement(sql)).await {
            Err(error) => self.after(Err(error), None),
            lost => lost,
        }
    }

    /// Passes on the outcome of a statement, and records one that may have ended the transaction.
    fn after<T>(&self, outcome: Result<T, DbErr>, lost: Option<DbErr>) -> Result<T, DbErr> {
        let outcome = match lost {
            Some(error) => outcome.and(Err(error)),
            None => outcome,
        };
        if let Err(error) = &outcome
            && !errors::leaves_transaction(error, self.inner.get_database_backend())
        {
            self.broken.store(true, Ordering::Relaxed);
        }
        outcome
    }
}

/// Error for a statement after one that ended the transaction, if the caller ignored that error.
fn over() -> DbErr {
    DbErr::Custom("an earlier statement failed and ended the transaction".to_owned())
}

#[async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let lost = self.before(&statement.sql).await?;
        self.after(self.inner.execute_raw(statement).await, lost)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let lost = self.before(sql).await?;
        let outcome = self.after(self.inner.execute_unprepared(sql).await, lost);
        if outcome.is_ok() && sql == ROLLBACK_TO_SAVEPOINT {
            self.broken.store(false, Ordering::Relaxed);
        }
        outcome
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let lost = self.before(&statement.sql).await?;
        self.after(self.inner.query_one_raw(statement).await, lost)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let lost = self.before(&statement.sql).await?;
        self.after(self.inner.query_all_raw(statement).await, lost)
    }
}
