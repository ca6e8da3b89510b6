//! Time limits for statements.
//!
//! A PostgreSQL server that hangs, or that a broken network hides, keeps its connections open and
//! sends nothing. None of its own timeouts ends the wait, and the kernel gives up after a quarter
//! of an hour, or never. SQLite runs inside the process and limits its own waits.

use crate::{
    db::{
        connection::{
            again::{DeadConnections, accepts_writes, is_read},
            errors::is_read_only,
        },
        dialect::only_reads,
    },
    metrics::{Connections, Instruments, QueryKind},
};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseConnectionType, DatabaseTransaction, DbBackend,
    DbErr, ExecResult, QueryResult, RuntimeErr, Statement, TransactionOptions, TransactionTrait,
    prelude::async_trait::async_trait,
};
use sqlx::{Executor, Postgres, pool::PoolOptions};
use std::{
    future::Future,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, timeout};

/// Time limit for the check of a connection that was released in the middle of a statement.
/// A connection that is closed then makes PostgreSQL cancel the statement.
const RELEASE_CHECK_TIMEOUT: Duration = Duration::from_millis(250);

/// Time after an abandoned statement during which released connections are checked. The connection
/// of that statement returns to the pool at once.
const CHECK_RELEASED_FOR: Duration = Duration::from_secs(10);

/// Statement timeout, and the time of the last statement whose caller stopped waiting.
#[derive(Clone, Default)]
pub struct StatementTimeout {
    limit: Option<Duration>,
    abandoned_at: Arc<Mutex<Option<Instant>>>,
    /// Time when a server last refused a write because it accepts none.
    read_only_at: Arc<Mutex<Option<Instant>>>,
}

impl StatementTimeout {
    pub fn new(most: Duration) -> Self {
        Self {
            limit: Some(most),
            ..Self::default()
        }
    }

    /// Runs a call within the time limit. When the limit is reached it fails with `DbErr::Conn`;
    /// whether the database ran the statement, or still will, is unknown then.
    pub async fn within<T>(
        &self,
        call: impl Future<Output = Result<T, DbErr>>,
    ) -> Result<T, DbErr> {
        let Some(most) = self.limit else {
            return call.await;
        };
        let mut call = pin!(call);
        // Declared after the call and so dropped before it: the abandoned statement is recorded
        // before its connection returns to the pool.
        let mut underway = RunningStatement {
            bound: self,
            ended: false,
        };
        let outcome = timeout(most, call.as_mut()).await;
        underway.ended = outcome.is_ok();
        if matches!(&outcome, Ok(Err(error)) if is_read_only(error)) {
            note(&self.read_only_at);
        }
        outcome.unwrap_or_else(|_| {
            Err(DbErr::Conn(RuntimeErr::Internal(format!(
                "the database did not answer within {} s: check that it runs and can be reached",
                most.as_secs_f64()
            ))))
        })
    }

    /// Adds a check on release: the pool closes a connection that was left in the middle of a
    /// statement and does not answer within a quarter of a second, and one that leads to a server
    /// that accepts no writes.
    ///
    /// The pool pings every released connection, but without a time limit, and a second ping of
    /// each would cost every call a round trip. So connections are checked only for a while after a
    /// statement was abandoned. A connection that hangs during the pool's own ping stays out of the
    /// pool until the kernel closes it.
    pub fn check_on_release(&self, pool: PoolOptions<Postgres>) -> PoolOptions<Postgres> {
        let bound = self.clone();
        pool.after_release(move |connection, _| {
            let abandoned = is_recent(&bound.abandoned_at);
            let read_only = is_recent(&bound.read_only_at);
            let show = RELEASE_CHECK_TIMEOUT.min(bound.limit.unwrap_or(RELEASE_CHECK_TIMEOUT));
            // sqlx does not count a BEGIN whose response was abandoned. Without an open transaction
            // PostgreSQL only warns about the ROLLBACK.
            let usable = async move {
                let answered = timeout(show, connection.execute("ROLLBACK")).await;
                matches!(answered, Ok(Ok(_)))
                    && (!read_only
                        || matches!(timeout(show, accepts_writes(connection)).await, Ok(true)))
            };
            Box::pin(async move { Ok(!(abandoned || read_only) || usable.await) })
        })
    }
}

fn note(at: &Mutex<Option<Instant>>) {
    *at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
}

fn is_recent(at: &Mutex<Option<Instant>>) -> bool {
    let at = *at.lock().unwrap_or_else(PoisonError::into_inner);
    at.is_some_and(|at| at.elapsed() < CHECK_RELEASED_FOR)
}

/// Statement in progress. Its caller may drop it at any time.
struct RunningStatement<'a> {
    bound: &'a StatementTimeout,
    ended: bool,
}

impl Drop for RunningStatement<'_> {
    fn drop(&mut self) {
        if !self.ended {
            note(&self.bound.abandoned_at);
        }
    }
}

/// Pool or transaction whose statements have a time limit.
#[derive(Clone)]
pub struct TimedConn<C> {
    inner: C,
    bound: StatementTimeout,
    /// Search for dead connections; set only for a pool on PostgreSQL.
    again: Option<DeadConnections>,
    /// Instruments that measure the statements.
    instruments: Option<Arc<Instruments>>,
}

impl<C> TimedConn<C> {
    pub fn new(inner: C, bound: StatementTimeout) -> Self {
        Self {
            inner,
            bound,
            again: None,
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
        ask: impl AsyncFn(&C, Statement) -> Result<T, DbErr>,
    ) -> Result<T, DbErr> {
        let Some(again) = self.again.as_ref().filter(|_| is_read(&statement)) else {
            return self.bound.within(ask(&self.inner, statement)).await;
        };
        let began = Instant::now();
        let outcome = self.bound.within(ask(&self.inner, statement.clone())).await;
        match &outcome {
            Err(error) if again.may_repeat(began, error).await => {
                self.bound.within(ask(&self.inner, statement)).await
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

    #[allow(
        clippy::disallowed_methods,
        reason = "for those that know how a transaction has to begin"
    )]
    pub(in crate::db) async fn begin(
        &self,
        options: TransactionOptions,
    ) -> Result<TimedConn<DatabaseTransaction>, DbErr> {
        let began = Instant::now();
        let mut begun = self
            .bound
            .within(self.inner.begin_with_options(options))
            .await;
        // A transaction that failed to begin has changed nothing, so beginning again is safe.
        if let (Err(error), Some(again)) = (&begun, &self.again)
            && again.may_repeat(began, error).await
        {
            begun = self
                .bound
                .within(self.inner.begin_with_options(options))
                .await;
        }
        Ok(TimedConn {
            inner: begun?,
            bound: self.bound.clone(),
            again: None,
            instruments: self.instruments.clone(),
        })
    }

    /// Returns the same pool with a statement timeout of at most `most`. A pool without a timeout
    /// (SQLite) stays without one.
    pub(in crate::db) fn within(&self, most: Duration) -> Self {
        let most = self.bound.limit.map(|bound| bound.min(most));
        let bound = StatementTimeout {
            limit: most,
            ..self.bound.clone()
        };
        Self {
            inner: self.inner.clone(),
            bound,
            again: self.again.clone(),
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
        self.timed(kind, self.bound.within(self.inner.execute_raw(statement)))
            .await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.timed(
            kind_of(sql),
            self.bound.within(self.inner.execute_unprepared(sql)),
        )
        .await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let kind = kind_of(&statement.sql);
        let call = self.read(statement, async |conn: &C, statement| {
            conn.query_one_raw(statement).await
        });
        self.timed(kind, call).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let kind = kind_of(&statement.sql);
        let call = self.read(statement, async |conn: &C, statement| {
            conn.query_all_raw(statement).await
        });
        self.timed(kind, call).await
    }
}
