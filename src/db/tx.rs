//! A transaction that holds the locks to write, and what is to be told once it is committed.

use super::{
    bound::Bounded,
    dialect,
    news::{News, Told},
};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement,
    prelude::async_trait::async_trait,
};
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

pub struct Tx {
    inner: Bounded<DatabaseTransaction>,
    told: Mutex<Told>,
    written: AtomicUsize,
}

impl Tx {
    pub(super) fn new(inner: Bounded<DatabaseTransaction>) -> Self {
        Self { inner, told: Mutex::default(), written: AtomicUsize::new(0) }
    }

    /// The job changes with this transaction.
    pub(super) fn tell(&self, news: News) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).jobs.push(news);
    }

    /// The job's lease moves with this transaction, and nothing else of it.
    pub(super) fn tell_of_lease(&self, job_id: String) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).leases.push(job_id);
    }

    /// More jobs change with this transaction than are named.
    pub(super) fn tell_of_more(&self) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).more = true;
    }

    /// How many statements that may write were run so far. As long as it stays, there is nothing to undo.
    pub(super) fn written(&self) -> usize {
        self.written.load(Ordering::Relaxed)
    }

    /// How much is to be told so far.
    pub(super) fn told(&self) -> (usize, usize, bool) {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        (told.jobs.len(), told.leases.len(), told.more)
    }

    /// What came to be told later was undone.
    pub(super) fn forget_since(&self, (jobs, leases, more): (usize, usize, bool)) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.jobs.truncate(jobs);
        told.leases.truncate(leases);
        told.more = more;
    }

    /// Answers with what to tell.
    pub(super) async fn commit(self) -> Result<Told, DbErr> {
        self.inner.commit().await?;
        Ok(self.told.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) async fn rollback(self) -> Result<(), DbErr> {
        self.inner.rollback().await
    }

    fn note(&self, sql: &str) {
        if !dialect::only_reads(sql) {
            self.written.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.note(&statement.sql);
        self.inner.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.note(sql);
        self.inner.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.note(&statement.sql);
        self.inner.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.note(&statement.sql);
        self.inner.query_all_raw(statement).await
    }
}
