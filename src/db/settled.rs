//! Connections to SQLite that may be used again.
//!
//! A statement or a commit that fails on a full disk makes SQLite undo its transaction by itself. sqlx
//! 0.9 does not see that: its ROLLBACK fails, it goes on counting an open transaction, and the next one
//! on the connection becomes a savepoint that no COMMIT ever ends. See `docs/decisions/writes.md`.

use futures_util::future::{BoxFuture, FutureExt};
use sqlx::{Connection, Executor, Sqlite, SqliteConnection, pool::PoolOptions};

/// Lets only connections back into the pool, and out of it, that are outside of every transaction.
pub fn guard(pool: PoolOptions<Sqlite>) -> PoolOptions<Sqlite> {
    pool.after_release(|connection, _| settled(connection))
}

/// Whether sqlx counts no transaction. Looked at before each use, so that a write begins with a real
/// BEGIN and ends with a real COMMIT.
pub fn outside(connection: &SqliteConnection) -> bool {
    !connection.is_in_transaction()
}

/// Whether the connection is outside of every transaction, in the eyes of sqlx and of SQLite.
///
/// A transaction that was dropped has its ROLLBACK queued; the one sent here runs behind it, so that
/// what sqlx counts afterwards is final. It succeeds only where a transaction was still open.
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
