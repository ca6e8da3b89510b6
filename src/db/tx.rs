//! A transaction that holds the locks to write, and what is to be told once it is committed.

use super::news::{News, Told};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement,
    prelude::async_trait::async_trait,
};
use std::sync::{Mutex, PoisonError};

pub struct Tx {
    inner: DatabaseTransaction,
    told: Mutex<Told>,
}

impl Tx {
    pub(super) fn new(inner: DatabaseTransaction) -> Self {
        Self { inner, told: Mutex::default() }
    }

    /// The job changes with this transaction.
    pub(super) fn tell(&self, news: News) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).jobs.push(news);
    }

    /// More jobs change with this transaction than are named.
    pub(super) fn tell_of_more(&self) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).more = true;
    }

    /// Answers with what to tell.
    pub(super) async fn commit(self) -> Result<Told, DbErr> {
        self.inner.commit().await?;
        Ok(self.told.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) async fn rollback(self) -> Result<(), DbErr> {
        self.inner.rollback().await
    }
}

#[async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.inner.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.inner.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.inner.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.inner.query_all_raw(statement).await
    }
}
