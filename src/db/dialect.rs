//! Where SQLite and PostgreSQL differ. Every `match` on the backend, and all SQL text, stands in this file and those
//! below it.

pub mod claims;
pub mod rows;

use chrono::{DateTime, Utc};
use entity::job;
use sea_orm::{
    AccessMode, ConnectionTrait, DbBackend, DbErr, IsolationLevel, SqliteTransactionMode, Statement,
    TransactionOptions,
    sea_query::{Expr, ExprTrait, Func, LikeExpr, extension::postgres::PgExpr},
};
use std::time::Duration;

pub fn name(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Sqlite => "SQLite",
        DbBackend::Postgres => "PostgreSQL",
        _ => "unknown",
    }
}

/// A write transaction takes SQLite's write lock at once: a deferred one that reads first fails as soon as another
/// writes, and waiting does not help it.
pub fn write_transaction() -> TransactionOptions {
    TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..Default::default() }
}

/// How many writes may run at once. SQLite has one writer at a time: more would only wait inside the database. On
/// PostgreSQL a quarter of the connections is left to readers, so that writes that wait for a row don't stop everything.
pub fn writers(backend: DbBackend, connections: u32) -> usize {
    match backend {
        DbBackend::Sqlite => 1,
        _ => Ord::max(connections - connections.div_ceil(4), 1) as usize,
    }
}

/// Whether one connection does all the writing of a process.
pub fn writes_alone(backend: DbBackend) -> bool {
    backend == DbBackend::Sqlite
}

/// Whether the database can tell one process what another has written.
pub fn notifies(backend: DbBackend) -> bool {
    backend == DbBackend::Postgres
}

/// What time it is for the database, where it runs on a host of its own.
pub async fn clock(db: &impl ConnectionTrait) -> Result<Option<DateTime<Utc>>, DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(None);
    }
    let asked = Statement::from_string(db.get_database_backend(), "SELECT clock_timestamp()");
    db.query_one_raw(asked).await?.map(|row| row.try_get_by_index(0)).transpose()
}

/// Whether events are committed in the order of their positions: SQLite has one writer at a time.
pub fn commits_in_order(backend: DbBackend) -> bool {
    backend == DbBackend::Sqlite
}

/// The transactions that are writing events and have not ended. None on SQLite, where what is there is committed.
///
/// Looks at the locks and not at a snapshot's oldest transaction: that one may be of another database, and stay for hours.
pub async fn writers_of_events(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    if commits_in_order(db.get_database_backend()) {
        return Ok(Vec::new());
    }
    let sql = "SELECT DISTINCT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND granted \
               AND mode = 'RowExclusiveLock' AND relation = 'job_events'::regclass \
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// Reading that sees one moment, however many statements it takes. A transaction on SQLite does so anyhow.
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

/// The job waits. As a literal: a value that is bound does not tell the planner that a partial index has the row.
pub fn is_queued() -> Expr {
    Expr::cust("status = 'queued'")
}

/// Someone works on the job; as a literal for the same reason.
pub fn is_processing() -> Expr {
    Expr::cust("status = 'processing'")
}

/// Since when a queued job is due, in the words of its index.
pub fn due_since() -> Expr {
    Expr::cust(
        "(CASE WHEN run_at > COALESCE(status_since, created_at) THEN run_at ELSE COALESCE(status_since, created_at) END)",
    )
}

/// The action is not at its end; as a literal for the same reason.
pub fn is_running() -> Expr {
    Expr::cust("status = 'running'")
}

/// What has to hold of the database as a whole before it is migrated. Not at connecting: a database that turns out to be
/// someone else's stays as it was.
pub async fn prepare(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    match db.get_database_backend() {
        // Stays with the file. Readers and the writer do not wait for each other.
        DbBackend::Sqlite => db.execute_unprepared("PRAGMA journal_mode = WAL").await.map(|_| ()),
        _ => Ok(()),
    }
}

/// Keeps other migrating processes out until the transaction ends. SQLite's write lock does so already.
pub async fn lock_schema(tx: &impl ConnectionTrait) -> Result<(), DbErr> {
    match tx.get_database_backend() {
        // A number of our own: the first eight letters of the name.
        DbBackend::Postgres => tx
            .execute_unprepared("SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(7161677110969590627)")
            .await
            .map(|_| ()),
        _ => Ok(()),
    }
}

/// The column holds this text somewhere, whatever the case (ASCII only on SQLite).
pub fn contains_text(backend: DbBackend, column: Expr, text: &str) -> Expr {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    let like = LikeExpr::new(pattern);
    match backend {
        // The backslash is PostgreSQL's escape by default, and sea-query's ILIKE … ESCAPE is a syntax error there.
        DbBackend::Postgres => column.ilike(like),
        _ => column.like(like.escape('\\')),
    }
}

/// The job's column, which is not to lead to it. PostgreSQL knows best by itself.
pub fn unindexed(backend: DbBackend, column: job::Column) -> Expr {
    let column = Expr::col((job::Entity, column));
    match backend {
        DbBackend::Sqlite => Expr::cust_with_expr("+?", column),
        _ => column,
    }
}

/// Whether the planner has to be told the range of the first column of two that are compared as one: PostgreSQL takes what
/// lies between two pairs to be a quarter of the table, and would rather read all of it.
pub fn guesses_pairs(backend: DbBackend) -> bool {
    backend == DbBackend::Postgres
}

/// The text of a member of the JSON object in the column; null when there is none.
pub fn text_member(backend: DbBackend, column: Expr, name: &str) -> Expr {
    match backend {
        DbBackend::Postgres => column.cast_json_field(name),
        // A text that is no JSON, as a stranger may have written it, would end the whole statement.
        _ => Expr::cust_with_exprs(
            "CASE WHEN json_valid(?) THEN json_extract(?, ?) END",
            [column.clone(), column, format!("$.\"{name}\"").into()],
        ),
    }
}

/// Bytes of the column as text; 0 for none. SQLite reads them off the row's header.
pub fn stored_bytes(backend: DbBackend, column: &str) -> Expr {
    match backend {
        DbBackend::Postgres => Expr::cust(format!("COALESCE(octet_length(\"{column}\"::text), 0)::bigint")),
        _ => Expr::cust(format!("COALESCE(octet_length(\"{column}\"), 0)")),
    }
}

/// The first so many characters of the text, whichever database it is: the rest is not sent.
pub fn beginning(column: Expr, characters: i32) -> Expr {
    Func::cust("substr").arg(column).arg(1).arg(characters).into()
}

/// The text column in the order of its bytes, which is SQLite's own: PostgreSQL's depends on the database's locale.
pub fn bytewise(backend: DbBackend, column: &str) -> Expr {
    match backend {
        DbBackend::Postgres => Expr::cust(format!("\"{column}\" COLLATE \"C\"")),
        _ => Expr::col(column.to_owned()),
    }
}

/// Pages that a connection on SQLite may hold while rows come in by the thousand, in KiB: the leaves of the indexes,
/// which each batch touches at random.
const BULK_CACHE: i64 = 32 * 1024;

/// Pages of the log after which a connection that wrote so many rows brings them into the file, 256 MiB: a page that batch
/// after batch touches is written there once for all of them.
const BULK_LOG: i64 = 64 * 1024;

/// Says that many rows are about to be written in this transaction. It holds for the connection from then on.
pub async fn expect_bulk(tx: &impl ConnectionTrait) -> Result<(), DbErr> {
    let pragmas = format!("PRAGMA cache_size = -{BULK_CACHE}; PRAGMA wal_autocheckpoint = {BULK_LOG}");
    match tx.get_database_backend() {
        DbBackend::Sqlite => tx.execute_unprepared(&pragmas).await.map(|_| ()),
        _ => Ok(()),
    }
}

/// The column holds one of the texts of a list, which comes as one value. PostgreSQL takes the value apart once, because
/// a SELECT without a row of the table stands around it; else it would do so for each row that it walks over, and 500
/// texts beside 2,000 rows take a quarter of a second.
pub fn is_one_of(backend: DbBackend, column: Expr, list: String) -> Expr {
    match backend {
        DbBackend::Postgres => {
            Expr::cust_with_exprs("$1 = ANY((SELECT ($2::text)::text[])::text[])", [column, list.into()])
        }
        _ => Expr::cust_with_exprs("? IN (SELECT value FROM json_each(?))", [column, list.into()]),
    }
}

/// Whether rows that another transaction holds can be passed over.
pub fn skips_locked(backend: DbBackend) -> bool {
    backend == DbBackend::Postgres
}

/// How long statements of this transaction wait for what another one holds. On SQLite there is nothing to wait for.
pub async fn wait_for_rows(tx: &impl ConnectionTrait, most: Duration) -> Result<(), DbErr> {
    match tx.get_database_backend() {
        DbBackend::Postgres => {
            tx.execute_unprepared(&format!("SET LOCAL lock_timeout = {}", most.as_millis())).await.map(|_| ())
        }
        _ => Ok(()),
    }
}

/// The statement changes nothing, whatever it finds.
pub fn only_reads(sql: &str) -> bool {
    sql.starts_with("SELECT ")
}

/// Lanes of writes that share a transaction. SQLite has one writer. On PostgreSQL more lanes make for smaller
/// transactions: a third of the writers, at most four. On two cores, 128 clients make 14.0, 14.1, 12.5 and 10.5 thousand
/// jobs a second with 1, 2, 4 and 6 lanes, and 15.8, 15.7, 13.5 and 11.0 thousand reports of progress; with two, one that
/// waits does not keep everyone waiting.
pub fn lanes(backend: DbBackend, writers: usize) -> usize {
    match backend {
        DbBackend::Sqlite => 1,
        _ => (writers / 3).clamp(1, 4),
    }
}
