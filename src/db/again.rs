//! A read whose connection was cut is repeated once: a restart of PostgreSQL, or whoever ends its idle connections,
//! leaves a pool full of connections that fail at their next use.
//!
//! Only what changes nothing is repeated, and only outside of a transaction. Before that, idle connections are asked
//! whether they answer: the next one out of the pool could be as dead as the one before.

use super::errors::was_cut;
use futures_util::future::join_all;
use sea_orm::{DatabaseConnection, DatabaseConnectionType, DbErr, Statement};
use sqlx::{Connection, PgPool, Postgres, pool::PoolConnection};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

/// How long an idle connection has to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// The connections of a pool on PostgreSQL, and when they were asked last.
#[derive(Clone)]
pub struct Again {
    pool: PgPool,
    asked: Arc<Mutex<Option<Instant>>>,
}

impl Again {
    /// `None` for SQLite, whose connections nobody cuts.
    pub fn on(connection: &DatabaseConnection) -> Option<Self> {
        let DatabaseConnectionType::SqlxPostgresPoolConnection(_) = &connection.inner else { return None };
        Some(Self { pool: connection.get_postgres_connection_pool().clone(), asked: Arc::default() })
    }

    /// Whether a call that began then and failed so may be repeated: after this, idle connections answer.
    pub async fn helps(&self, began: Instant, error: &DbErr) -> bool {
        if !was_cut(error) {
            return false;
        }
        let mut asked = self.asked.lock().await;
        // Many calls fail at once; one look at the connections serves all that failed before it.
        if asked.is_none_or(|asked| asked < began) {
            let now = Instant::now();
            self.drop_dead_connections().await;
            *asked = Some(now);
        }
        true
    }

    async fn drop_dead_connections(&self) {
        let idle: Vec<_> = std::iter::from_fn(|| self.pool.try_acquire()).take(self.pool.size() as usize).collect();
        join_all(idle.into_iter().map(keep_if_alive)).await;
    }
}

/// Gives the connection back to its pool, or closes it.
async fn keep_if_alive(mut connection: PoolConnection<Postgres>) {
    if !matches!(timeout(ANSWERS_WITHIN, connection.ping()).await, Ok(Ok(()))) {
        // Saying goodbye to who does not listen takes as long as not saying it.
        let _ = timeout(ANSWERS_WITHIN, connection.close()).await;
    }
}

/// The statement changes nothing, however often it runs.
pub fn is_read(statement: &Statement) -> bool {
    let sql = statement.sql.as_str();
    let writes = |word: &&str| sql.contains(*word);
    sql.starts_with("SELECT ")
        || (sql.starts_with("WITH ") && !["INSERT ", "UPDATE ", "DELETE ", "MERGE "].iter().any(writes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sea_orm::DbBackend;

    #[test]
    fn only_what_changes_nothing_is_repeated() {
        let read = |sql: &str| is_read(&Statement::from_string(DbBackend::Postgres, sql));
        assert!(read("SELECT 1") && read("WITH RECURSIVE kinds (a) AS (SELECT 1) SELECT a FROM kinds"));
        for sql in ["UPDATE a SET b = 1", "WITH a AS (DELETE FROM b RETURNING c) SELECT c FROM a", "NOTIFY a"] {
            assert!(!read(sql), "{sql}");
        }
    }
}
