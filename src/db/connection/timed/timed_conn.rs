//! Pool or transaction whose statements have a time limit and are measured.

use super::{
    again::{DeadConnections, is_read},
    pooled::Pooled,
    statement_timeout::StatementTimeout,
};
use crate::{
    db::dialect::only_reads,
    metrics::{Connections, Instruments, QueryKind},
};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseConnectionType, DatabaseTransaction, DbBackend,
    DbErr, ExecResult, QueryResult, Statement, TransactionOptions, TransactionTrait,
    prelude::async_trait::async_trait,
};
use std::{future::Future, sync::Arc, time::Duration};
use tokio::time::Instant;

/// Pool or transaction whose statements have a time limit.
#[derive(Clone)]
pub struct TimedConn<C> {
    inner: C,
    bound: StatementTimeout,
    /// Search for dead connections; set only for a pool on PostgreSQL.
    again: Option<DeadConnections>,
    /// Set for a pool whose connections lead through a pooler in transaction mode.
    pooled: Option<Pooled>,
    /// Instruments that measure the statements.
    instruments: Option<Arc<Instruments>>,
}

impl<C> TimedConn<C> {
    pub fn new(inner: C, bound: StatementTimeout) -> Self {
        Self {
            inner,
            bound,
            again: None,
            pooled: None,
            instruments: None,
        }
    }

    /// Returns the same connection, whose statements are measured.
    pub(in crate::db) fn measured(self, instruments: &Arc<Instruments>) -> Self {
        Self {
            instruments: Some(instruments.clone()),
            ..self
        }
    }

    /// Makes a call, and measures it as a statement of this kind.
    async fn timed<T>(&self, kind: QueryKind, call: impl Future<Output = T>) -> T {
        let Some(instruments) = &self.instruments else {
            return call.await;
        };
        let began = Instant::now();
        let outcome = call.await;
        instruments.queries.observe(kind, began.elapsed());
        outcome
    }

    /// Runs a read, and repeats it once if its connection was cut.
    async fn read<T>(
        &self,
        statement: Statement,
        ask: impl AsyncFn(&C, Option<&Pooled>, Statement) -> Result<T, DbErr>,
    ) -> Result<T, DbErr> {
        let Some(again) = self.again.as_ref().filter(|_| is_read(&statement)) else {
            return self
                .bound
                .within(ask(&self.inner, self.pooled.as_ref(), statement))
                .await;
        };
        let began = Instant::now();
        let outcome = self
            .bound
            .within(ask(&self.inner, self.pooled.as_ref(), statement.clone()))
            .await;
        match &outcome {
            Err(error) if again.may_repeat(began, error).await => {
                self.bound
                    .within(ask(&self.inner, self.pooled.as_ref(), statement))
                    .await
            }
            _ => outcome,
        }
    }

    /// Returns the wrapped connection, whose statements have no time limit.
    pub fn without_timeout(&self) -> &C {
        &self.inner
    }
}

fn kind_of(sql: &str) -> QueryKind {
    if only_reads(sql) {
        QueryKind::Read
    } else {
        QueryKind::Write
    }
}

impl<C: ConnectionTrait> TimedConn<C> {
    pub fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }
}

impl TimedConn<DatabaseConnection> {
    /// Returns the maximum number of connections of a pool on PostgreSQL.
    pub(in crate::db) fn pool_size(&self) -> Option<u32> {
        let DatabaseConnectionType::SqlxPostgresPoolConnection(_) = &self.inner.inner else {
            return None;
        };
        let pool = self.inner.get_postgres_connection_pool();
        Some(pool.options().get_max_connections())
    }

    /// Returns the numbers of idle and used connections of the pool.
    pub(in crate::db) fn open_connections(&self) -> Connections {
        let (all, idle) = match &self.inner.inner {
            DatabaseConnectionType::SqlxPostgresPoolConnection(_) => {
                let pool = self.inner.get_postgres_connection_pool();
                (pool.size(), pool.num_idle())
            }
            DatabaseConnectionType::SqlxSqlitePoolConnection(_) => {
                let pool = self.inner.get_sqlite_connection_pool();
                (pool.size(), pool.num_idle())
            }
            _ => (0, 0),
        };
        Connections {
            idle: idle as u64,
            used: u64::from(all).saturating_sub(idle as u64),
        }
    }

    /// Closes idle connections that are dead or lead to a server that accepts no writes.
    pub(in crate::db) async fn drop_unusable(&self) {
        if let Some(again) = &self.again {
            again.check(Instant::now()).await;
        }
    }

    /// Returns the same pool, which repeats a read once if its connection was cut.
    pub(in crate::db) fn retry_cut_reads(self) -> Self {
        Self {
            again: DeadConnections::of_pool(&self.inner),
            ..self
        }
    }

    /// Returns the same pool, used as one behind a pooler in transaction mode has to be.
    pub(in crate::db) fn through_pooler(self) -> Self {
        Self {
            pooled: Some(Pooled::new(&self.inner)),
            ..self
        }
    }

    #[allow(
        clippy::disallowed_methods,
        reason = "for those that know how a transaction has to begin"
    )]
    pub(in crate::db) async fn begin(
        &self,
        options: TransactionOptions,
    ) -> Result<TimedConn<DatabaseTransaction>, DbErr> {
        let began = Instant::now();
        let begin = async || match &self.pooled {
            Some(pooled) => pooled.begin(options).await,
            None => self.inner.begin_with_options(options).await,
        };
        let mut begun = self.bound.within(begin()).await;
        // A transaction that failed to begin has changed nothing, so beginning again is safe.
        if let (Err(error), Some(again)) = (&begun, &self.again)
            && again.may_repeat(began, error).await
        {
            begun = self.bound.within(begin()).await;
        }
        Ok(TimedConn {
            inner: begun?,
            bound: self.bound.clone(),
            again: None,
            pooled: None,
            instruments: self.instruments.clone(),
        })
    }

    /// Returns the same pool with a statement timeout of at most `most`. A pool without a timeout
    /// (SQLite) stays without one.
    pub(in crate::db) fn within(&self, most: Duration) -> Self {
        Self {
            inner: self.inner.clone(),
            bound: self.bound.at_most(most),
            again: self.again.clone(),
            pooled: self.pooled.clone(),
            instruments: self.instruments.clone(),
        }
    }
}

impl TimedConn<DatabaseTransaction> {
    pub async fn commit(self) -> Result<(), DbErr> {
        self.bound.within(self.inner.commit()).await
    }

    pub async fn rollback(self) -> Result<(), DbErr> {
        self.bound.within(self.inner.rollback()).await
    }
}

#[async_trait]
impl<C: ConnectionTrait> ConnectionTrait for TimedConn<C> {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let kind = kind_of(&statement.sql);
        let call = async {
            match &self.pooled {
                Some(pooled) => pooled.execute(statement).await,
                None => self.inner.execute_raw(statement).await,
            }
        };
        self.timed(kind, self.bound.within(call)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let call = async {
            match &self.pooled {
                Some(pooled) => pooled.execute_unprepared(sql).await,
                None => self.inner.execute_unprepared(sql).await,
            }
        };
        self.timed(kind_of(sql), self.bound.within(call)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let kind = kind_of(&statement.sql);
        let call = self.read(
            statement,
            async |conn: &C, pooled: Option<&Pooled>, statement| match pooled {
                Some(pooled) => pooled.query_one(statement).await,
                None => conn.query_one_raw(statement).await,
            },
        );
        self.timed(kind, call).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let kind = kind_of(&statement.sql);
        let call = self.read(
            statement,
            async |conn: &C, pooled: Option<&Pooled>, statement| match pooled {
                Some(pooled) => pooled.query_all(statement).await,
                None => conn.query_all_raw(statement).await,
            },
        );
        self.timed(kind, call).await
    }
}
