//! Repeats a read once when its connection was cut. A restart of PostgreSQL, or a timeout that ends
//! idle connections, leaves the pool full of connections that fail at their next use.
//!
//! Only statements that change nothing are repeated, and only outside a transaction. Before the
//! repeat, the pool's idle connections are pinged and dead ones closed, because the next connection
//! out of the pool could be dead too.

use crate::db::connection::errors::is_connection_lost;
use futures_util::future::join_all;
use sea_orm::{DatabaseConnection, DatabaseConnectionType, DbErr, Statement};
use sqlx::{Executor, PgConnection, PgPool, Postgres, Row, pool::PoolConnection};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

/// Time limit for the ping of an idle connection, and for closing one that did not answer.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// Connection pool on PostgreSQL, and the time of the last search for dead connections.
#[derive(Clone)]
pub struct DeadConnections {
    pool: PgPool,
    last_check: Arc<Mutex<Option<Instant>>>,
}

impl DeadConnections {
    /// Returns `None` for SQLite, whose connections cannot be cut.
    pub fn of_pool(connection: &DatabaseConnection) -> Option<Self> {
        let DatabaseConnectionType::SqlxPostgresPoolConnection(_) = &connection.inner else {
            return None;
        };
        Some(Self {
            pool: connection.get_postgres_connection_pool().clone(),
            last_check: Arc::default(),
        })
    }

    /// Returns whether a call that started at `began` and failed with `error` may be repeated. If
    /// so, dead idle connections have been closed.
    pub async fn may_repeat(&self, began: Instant, error: &DbErr) -> bool {
        if !is_connection_lost(error) {
            return false;
        }
        self.check(began).await;
        true
    }

    /// Closes unusable idle connections, unless this was done after `began`.
    pub async fn check(&self, began: Instant) {
        let mut asked = self.last_check.lock().await;
        // Many calls fail at once: one search serves all calls that started before it.
        if asked.is_none_or(|asked| asked < began) {
            let now = Instant::now();
            self.drop_dead_connections().await;
            *asked = Some(now);
        }
    }

    async fn drop_dead_connections(&self) {
        let idle: Vec<_> = std::iter::from_fn(|| self.pool.try_acquire())
            .take(self.pool.size() as usize)
            .collect();
        join_all(idle.into_iter().map(keep_if_alive)).await;
    }
}

/// Returns whether the server at the other end answers and accepts writes. After a failover, a
/// connection through a proxy may still lead to the primary of before.
pub async fn accepts_writes(connection: &mut PgConnection) -> bool {
    let shown = connection.fetch_one("SHOW transaction_read_only").await;
    let shown = shown.and_then(|row| row.try_get::<String, _>(0));
    shown.is_ok_and(|read_only| read_only == "off")
}

/// Returns the connection to its pool if it can be used, and closes it otherwise.
async fn keep_if_alive(mut connection: PoolConnection<Postgres>) {
    if !matches!(
        timeout(PING_TIMEOUT, accepts_writes(&mut connection)).await,
        Ok(true)
    ) {
        // A graceful close of a dead connection would wait for an answer that never arrives.
        let _ = timeout(PING_TIMEOUT, connection.close()).await;
    }
}

/// Returns whether the statement changes nothing, however often it runs.
pub fn is_read(statement: &Statement) -> bool {
    let sql = statement.sql.as_str();
    let writes = |word: &&str| sql.contains(*word);
    sql.starts_with("SELECT ")
        || (sql.starts_with("WITH ")
            && !["INSERT ", "UPDATE ", "DELETE ", "MERGE "]
                .iter()
                .any(writes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sea_orm::DbBackend;

    #[test]
    fn only_what_changes_nothing_is_repeated() {
        let read = |sql: &str| is_read(&Statement::from_string(DbBackend::Postgres, sql));
        assert!(
            read("SELECT 1") && read("WITH RECURSIVE kinds (a) AS (SELECT 1) SELECT a FROM kinds")
        );
        for sql in [
            "UPDATE a SET b = 1",
            "WITH a AS (DELETE FROM b RETURNING c) SELECT c FROM a",
            "NOTIFY a",
        ] {
            assert!(!read(sql), "{sql}");
        }
    }
}
