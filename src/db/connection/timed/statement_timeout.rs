//! Time limits for statements.
//!
//! A PostgreSQL server that hangs, or that a broken network hides, keeps its connections open and
//! sends nothing. None of its own timeouts ends the wait, and the kernel gives up after a quarter
//! of an hour, or never. SQLite runs inside the process and limits its own waits.

use super::again::accepts_writes;
use crate::db::connection::errors::is_read_only;
use sea_orm::{DbErr, RuntimeErr};
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

    /// Returns the same timeout, shortened to at most `most`.
    pub(super) fn at_most(&self, most: Duration) -> Self {
        Self {
            limit: self.limit.map(|limit| limit.min(most)),
            ..self.clone()
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
