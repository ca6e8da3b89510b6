//! Differences between SQLite and PostgreSQL. This file and the modules below it hold every `match`
//! on the backend and all SQL text.

pub mod claims;
mod event_writers;
mod expressions;
pub mod rows;
mod server;
mod sqlite_file;
mod transactions;
pub mod webhooks;

pub use event_writers::{APPLICATION, event_writers, writers_of_events};
pub use expressions::{
    bytewise, contains_text, due_since, error_has_signature, is_claimable, is_one_of,
    is_processing, is_running, month_of, number_of_lines, prefix, text_member, unindexed,
};
pub use server::{clock, hides, identity, version};
pub use sqlite_file::{expect_bulk, free_pages, prepare, return_pages};
pub use transactions::{
    limit_time, limits_time, lock_schema, snapshot, wait_for_rows, write_transaction,
};

use sea_orm::DbBackend;

/// Returns the name of the database system for display.
pub fn name(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Sqlite => "SQLite",
        DbBackend::Postgres => "PostgreSQL",
        _ => "unknown",
    }
}

/// Maximum concurrent write transactions. SQLite has one writer at a time; more would only wait
/// inside the database. On PostgreSQL a quarter of the connections is left to readers, so that
/// writes that wait for a row do not block everything.
pub fn writers(backend: DbBackend, connections: u32) -> usize {
    match backend {
        DbBackend::Sqlite => 1,
        _ => Ord::max(connections - connections.div_ceil(4), 1) as usize,
    }
}

/// Returns whether one connection does all the writing of a process.
pub fn writes_alone(backend: DbBackend) -> bool {
    backend == DbBackend::Sqlite
}

/// Returns whether the database can notify other processes of a commit.
pub fn notifies(backend: DbBackend) -> bool {
    backend == DbBackend::Postgres
}

/// Returns whether transactions commit events in the order of their positions. SQLite does, because
/// it has one writer at a time.
pub fn commits_in_order(backend: DbBackend) -> bool {
    backend == DbBackend::Sqlite
}

/// Returns whether the planner needs an extra range on the first of two columns that are compared
/// as a pair. PostgreSQL estimates the rows between two pairs at a quarter of the table, and would
/// rather read all of it.
pub fn misestimates_pairs(backend: DbBackend) -> bool {
    backend == DbBackend::Postgres
}

/// Returns whether a query can skip rows that another transaction has locked.
pub fn skips_locked(backend: DbBackend) -> bool {
    backend == DbBackend::Postgres
}

/// Returns whether the statement is a plain `SELECT`, which changes nothing.
pub fn only_reads(sql: &str) -> bool {
    sql.starts_with("SELECT ")
}

/// Number of queues of writes that share a transaction. SQLite has one writer and so one queue. On
/// PostgreSQL it is a third of the writers, from one to four: more queues make smaller
/// transactions, which lowers the throughput, but with two a write that waits does not hold up all
/// others.
pub fn write_queues(backend: DbBackend, writers: usize) -> usize {
    match backend {
        DbBackend::Sqlite => 1,
        _ => (writers / 3).clamp(1, 4),
    }
}
