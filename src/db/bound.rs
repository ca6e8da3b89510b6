//! No statement is waited for without end.
//!
//! PostgreSQL that stands still keeps its connections open and says nothing, and so does one that a broken network hides:
//! none of its own timeouts ends the wait, and the kernel gives up after a quarter of an hour, or never. SQLite is
//! part of the process; what it waits for, it bounds itself.

use super::again::{Again, is_read};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr,
    Statement, TransactionOptions, TransactionTrait, prelude::async_trait::async_trait,
};
use sqlx::{Executor, Postgres, pool::PoolOptions};
use std::{
    future::Future,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, timeout};

/// How long a connection that was left in the middle of a statement has to show that it can still be used.
const SHOW: Duration = Duration::from_secs(5);

/// How long after a statement was left connections are looked at: the one that it was on comes back at once.
const DOUBT: Duration = Duration::from_secs(10);

/// How long a statement is waited for, and what is known of those that were not answered.
#[derive(Clone, Default)]
pub struct Bound {
    most: Option<Duration>,
    left: Arc<Mutex<Option<Instant>>>,
}

impl Bound {
    pub fn new(most: Duration) -> Self {
        Self { most: Some(most), left: Arc::default() }
    }

    /// The outcome, or that there was none in time. Then nobody knows what the database did, or will do.
    pub async fn hold<T>(&self, call: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        let Some(most) = self.most else { return call.await };
        let mut call = pin!(call);
        // Declared behind the call, and so dropped before it: its connection comes back when it has been noted.
        let mut underway = Underway { bound: self, ended: false };
        let outcome = timeout(most, call.as_mut()).await;
        underway.ended = outcome.is_ok();
        outcome.unwrap_or_else(|_| {
            Err(DbErr::Conn(RuntimeErr::Internal(format!(
                "the database has not answered for {} s",
                most.as_secs_f64()
            ))))
        })
    }

    /// A connection that was left in the middle of a statement and says nothing since does not keep its place in the
    /// pool. The pool asks each one that comes back whether it answers, but waits without end; asking all of them a
    /// second time would cost each call a round trip. So one that falls silent just while it is asked stays away until
    /// the kernel gives it up.
    pub fn guard(&self, pool: PoolOptions<Postgres>) -> PoolOptions<Postgres> {
        let bound = self.clone();
        pool.after_release(move |connection, _| {
            let (doubted, show) = (bound.doubted(), SHOW.min(bound.most.unwrap_or(SHOW)));
            // sqlx does not count a BEGIN whose answer was not waited for. PostgreSQL warns of a ROLLBACK that undoes nothing.
            let usable = async move { matches!(timeout(show, connection.execute("ROLLBACK")).await, Ok(Ok(_))) };
            Box::pin(async move { Ok(!doubted || usable.await) })
        })
    }

    fn doubted(&self) -> bool {
        let left = *self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.is_some_and(|at| at.elapsed() < DOUBT)
    }
}

/// A statement that is waited for. Its caller may go away at any time.
struct Underway<'a> {
    bound: &'a Bound,
    ended: bool,
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        if !self.ended {
            *self.bound.left.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
    }
}

/// A pool or a transaction whose statements are waited for no longer than the bound.
#[derive(Clone)]
pub struct Bounded<C> {
    inner: C,
    bound: Bound,
    /// Of a pool whose connections may be cut.
    again: Option<Again>,
}

impl<C> Bounded<C> {
    pub fn new(inner: C, bound: Bound) -> Self {
        Self { inner, bound, again: None }
    }

    /// The outcome of a read, which is repeated once if its connection was cut.
    async fn read<T>(
        &self,
        statement: Statement,
        ask: impl AsyncFn(&C, Statement) -> Result<T, DbErr>,
    ) -> Result<T, DbErr> {
        let Some(again) = self.again.as_ref().filter(|_| is_read(&statement)) else {
            return self.bound.hold(ask(&self.inner, statement)).await;
        };
        let began = Instant::now();
        let outcome = self.bound.hold(ask(&self.inner, statement.clone())).await;
        match &outcome {
            Err(error) if again.helps(began, error).await => self.bound.hold(ask(&self.inner, statement)).await,
            _ => outcome,
        }
    }

    /// Whatever a statement takes.
    pub fn unbounded(&self) -> &C {
        &self.inner
    }
}

impl<C: ConnectionTrait> Bounded<C> {
    pub fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }
}

impl Bounded<DatabaseConnection> {
    /// The same, where a read is repeated once if its connection was cut.
    pub(super) fn with_second_try(self) -> Self {
        Self { again: Again::on(&self.inner), ..self }
    }

    #[allow(clippy::disallowed_methods, reason = "for those that know how a transaction has to begin")]
    pub(super) async fn begin(&self, options: TransactionOptions) -> Result<Bounded<DatabaseTransaction>, DbErr> {
        let began = Instant::now();
        let mut begun = self.bound.hold(self.inner.begin_with_options(options)).await;
        // Nothing has happened in it.
        if let (Err(error), Some(again)) = (&begun, &self.again)
            && again.helps(began, error).await
        {
            begun = self.bound.hold(self.inner.begin_with_options(options)).await;
        }
        Ok(Bounded { inner: begun?, bound: self.bound.clone(), again: None })
    }

    /// The same with a bound that is closer.
    pub(super) fn within(&self, most: Duration) -> Self {
        let most = self.bound.most.map(|bound| bound.min(most));
        let bound = Bound { most, left: self.bound.left.clone() };
        Self { inner: self.inner.clone(), bound, again: self.again.clone() }
    }
}

impl Bounded<DatabaseTransaction> {
    pub async fn commit(self) -> Result<(), DbErr> {
        self.bound.hold(self.inner.commit()).await
    }

    pub async fn rollback(self) -> Result<(), DbErr> {
        self.bound.hold(self.inner.rollback()).await
    }
}

#[async_trait]
impl<C: ConnectionTrait> ConnectionTrait for Bounded<C> {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.bound.hold(self.inner.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.bound.hold(self.inner.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.read(statement, async |conn: &C, statement| conn.query_one_raw(statement).await).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.read(statement, async |conn: &C, statement| conn.query_all_raw(statement).await).await
    }
}
