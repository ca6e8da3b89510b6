//! Keeps SQLite connections with an unfinished transaction out of use.
//!
//! When a statement or a commit fails on a full disk, SQLite undoes its transaction by itself. sqlx
//! 0.9 does not notice: its ROLLBACK fails, it keeps counting an open transaction, and the next one
//! on the connection becomes a savepoint that no COMMIT ever ends. See `docs/decisions/writes.md`.

use futures_util::future::{BoxFuture, FutureExt};
use sqlx::{Connection, Executor, Sqlite, SqliteConnection, pool::PoolOptions};

/// Adds a check on release: only connections outside every transaction return to the pool.
pub fn guard(pool: PoolOptions<Sqlite>) -> PoolOptions<Sqlite> {
    pool.after_release(|connection, _| settled(connection))
}

/// Returns whether sqlx counts no transaction. Checked before each use, so that a write begins with
/// a real BEGIN and ends with a real COMMIT.
pub fn outside(connection: &SqliteConnection) -> bool {
    !connection.is_in_transaction()
}

/// Returns whether the connection is outside every transaction, for sqlx and for SQLite.
///
/// A dropped transaction has its ROLLBACK queued. The ROLLBACK sent here runs after it, so that
/// sqlx's count is final afterwards. It succeeds only if a transaction was still open.
fn settled(connection: &mut SqliteConnection) -> BoxFuture<'_, Result<bool, sqlx::Error>> {
    async move {
        if outside(connection) {
            return Ok(true);
        }
        let was_open = connection.execute("ROLLBACK").await.is_ok();
        Ok(!was_open && outside(connection))
    }
    .boxed()
}
