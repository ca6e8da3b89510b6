//! Transactions: how they begin, and how long they wait.

use sea_orm::{
    AccessMode, ConnectionTrait, DbBackend, DbErr, IsolationLevel, SqliteTransactionMode,
    TransactionOptions,
};
use std::time::Duration;

/// Options of a write transaction. On SQLite it takes the write lock at once: a deferred
/// transaction that reads first fails as soon as another one writes, and waiting does not help it.
pub fn write_transaction() -> TransactionOptions {
    TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..Default::default()
    }
}

/// Options of a read transaction whose statements all see one snapshot. On SQLite every transaction
/// does.
pub fn snapshot(backend: DbBackend) -> TransactionOptions {
    match backend {
        DbBackend::Postgres => TransactionOptions {
            isolation_level: Some(IsolationLevel::RepeatableRead),
            access_mode: Some(AccessMode::ReadOnly),
            ..Default::default()
        },
        _ => TransactionOptions::default(),
    }
}

/// Keeps other migrating processes out until the transaction ends. On SQLite the write lock already
/// does.
pub async fn lock_schema(tx: &impl ConnectionTrait) -> Result<(), DbErr> {
    match tx.get_database_backend() {
        // An arbitrary key that only Callsheet uses: eight times the letter `c`.
        DbBackend::Postgres => tx
            .execute_unprepared(
                "SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(7161677110969590627)",
            )
            .await
            .map(|_| ()),
        _ => Ok(()),
    }
}

/// Limits the time of each statement in this transaction; the database cancels a slower one.
pub async fn limit_time(tx: &impl ConnectionTrait, most: Duration) -> Result<(), DbErr> {
    let sql = format!("SET LOCAL statement_timeout = {}", most.as_millis().max(1));
    tx.execute_unprepared(&sql).await.map(|_| ())
}

/// Returns whether the database supports [`limit_time`].
pub fn limits_time(backend: DbBackend) -> bool {
    backend == DbBackend::Postgres
}

/// Sets the time that statements of this transaction wait for a lock of another one. Does nothing
/// on SQLite, which has no row locks.
pub async fn wait_for_rows(tx: &impl ConnectionTrait, most: Duration) -> Result<(), DbErr> {
    match tx.get_database_backend() {
        DbBackend::Postgres => tx
            .execute_unprepared(&format!("SET LOCAL lock_timeout = {}", most.as_millis()))
            .await
            .map(|_| ()),
        _ => Ok(()),
    }
}
