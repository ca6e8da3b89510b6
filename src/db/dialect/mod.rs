//! Differences between SQLite and PostgreSQL. This file and the modules below it hold every `match`
//! on the backend and all SQL text.

pub mod claims;
pub mod rows;
pub mod webhooks;

use crate::lifecycle::{MAX_SIGNATURE_CHARS, signature_pattern};
use chrono::{DateTime, Utc};
use entity::job;
use sea_orm::{
    AccessMode, ConnectionTrait, DbBackend, DbErr, IsolationLevel, QueryResult,
    SqliteTransactionMode, Statement, TransactionOptions,
    sea_query::{Expr, Func, LikeExpr, extension::postgres::PgExpr},
};
use std::time::Duration;

pub fn name(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Sqlite => "SQLite",
        DbBackend::Postgres => "PostgreSQL",
        _ => "unknown",
    }
}

/// Options of a write transaction. On SQLite it takes the write lock at once: a deferred
/// transaction that reads first fails as soon as another one writes, and waiting does not help it.
pub fn write_transaction() -> TransactionOptions {
    TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..Default::default()
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

/// Returns the time of the database server; `None` for SQLite, which uses the clock of this host.
pub async fn clock(db: &impl ConnectionTrait) -> Result<Option<DateTime<Utc>>, DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(None);
    }
    let asked = Statement::from_string(db.get_database_backend(), "SELECT clock_timestamp()");
    db.query_one_raw(asked)
        .await?
        .map(|row| row.try_get_by_index(0))
        .transpose()
}

/// Returns the version of the database system, e.g. `3.50.2` or `18.1`.
pub async fn version(db: &impl ConnectionTrait) -> Result<String, DbErr> {
    let backend = db.get_database_backend();
    let sql = match backend {
        DbBackend::Postgres => "SHOW server_version",
        _ => "SELECT sqlite_version()",
    };
    let row = db
        .query_one_raw(Statement::from_string(backend, sql))
        .await?
        .ok_or_else(|| DbErr::Custom("the database did not say its version".to_owned()))?;
    row.try_get_by_index(0)
}

/// Returns the number of pages of the SQLite file that hold nothing; `None` for PostgreSQL.
pub async fn free_pages(db: &impl ConnectionTrait) -> Result<Option<u64>, DbErr> {
    let backend = db.get_database_backend();
    if backend != DbBackend::Sqlite {
        return Ok(None);
    }
    let row = db
        .query_one_raw(Statement::from_string(backend, "PRAGMA freelist_count"))
        .await?;
    let pages = row.map(|row| row.try_get_by_index::<i64>(0)).transpose()?;
    Ok(pages.map(i64::unsigned_abs))
}

/// Returns whether transactions commit events in the order of their positions. SQLite does, because
/// it has one writer at a time.
pub fn commits_in_order(backend: DbBackend) -> bool {
    backend == DbBackend::Sqlite
}

/// Returns the open transactions that are writing events. Empty on SQLite, where every event that a
/// reader sees is committed.
///
/// Reads the locks rather than the oldest transaction of a snapshot: that one may belong to another
/// database, and stay open for hours.
pub async fn writers_of_events(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    if commits_in_order(db.get_database_backend()) {
        return Ok(Vec::new());
    }
    let sql = "SELECT DISTINCT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND granted \
               AND mode = 'RowExclusiveLock' AND relation = 'job_events'::regclass \
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// Open transaction that has locked the table of events for writing.
#[derive(Clone, Debug)]
pub struct EventWriter {
    /// Its name, as in [`writers_of_events`].
    pub transaction: String,
    pub pid: i32,
    /// Name of its program; empty if it gives none.
    pub application: String,
}

impl EventWriter {
    /// Returns whether it is a transaction of Callsheet, which ends soon by itself.
    pub fn is_own(&self) -> bool {
        self.application == APPLICATION
    }
}

/// Name of Callsheet's connections to PostgreSQL.
pub const APPLICATION: &str = "callsheet";

/// Returns the open transactions of [`writers_of_events`] with their processes.
pub async fn event_writers(db: &impl ConnectionTrait) -> Result<Vec<EventWriter>, DbErr> {
    if commits_in_order(db.get_database_backend()) {
        return Ok(Vec::new());
    }
    let sql = "SELECT DISTINCT l.virtualtransaction, l.pid, COALESCE(a.application_name, '') \
               FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid \
               WHERE l.locktype = 'relation' AND l.granted AND l.mode = 'RowExclusiveLock' \
               AND l.relation = 'job_events'::regclass AND l.pid IS NOT NULL \
               AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await?;
    let writer = |row: &QueryResult| {
        Ok(EventWriter {
            transaction: row.try_get_by_index(0)?,
            pid: row.try_get_by_index(1)?,
            application: row.try_get_by_index(2)?,
        })
    };
    rows.iter().map(writer).collect()
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

/// Condition that the job waits for a worker: it is queued, and nothing holds it back. The values
/// are literals, because with bound ones the planner does not use a partial index.
pub fn is_claimable() -> Expr {
    Expr::cust("status = 'queued' AND holds = 0")
}

/// Condition that the job is processing; a literal for the reason given at [`is_claimable`].
pub fn is_processing() -> Expr {
    Expr::cust("status = 'processing'")
}

/// Time since which a queued job has been due, spelled like the expression of its index.
pub fn due_since() -> Expr {
    Expr::cust(
        "(CASE WHEN run_at > COALESCE(status_since, created_at) THEN run_at ELSE \
        COALESCE(status_since, created_at) END)",
    )
}

/// Condition that the action is running; a literal for the reason given at [`is_claimable`].
pub fn is_running() -> Expr {
    Expr::cust("status = 'running'")
}

/// Applies the settings of the database as a whole that a migration needs. Connecting does not
/// apply them, so that a database of another application stays unchanged.
pub async fn prepare(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    match db.get_database_backend() {
        // Both are stored in the file. With WAL, readers and the writer do not wait for each other.
        DbBackend::Sqlite => {
            if is_empty_file(db).await? {
                // Another process may be making the file, and chooses the same.
                let _ = db
                    .execute_unprepared("PRAGMA auto_vacuum = INCREMENTAL")
                    .await;
            }
            db.execute_unprepared("PRAGMA journal_mode = WAL")
                .await
                .map(|_| ())
        }
        _ => Ok(()),
    }
}

/// Returns whether the SQLite file has no page yet. Only then can its way of the vacuum be chosen.
async fn is_empty_file(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let asked = Statement::from_string(DbBackend::Sqlite, "PRAGMA page_count");
    let row = db.query_one_raw(asked).await?;
    let pages = row.map(|row| row.try_get_by_index::<i64>(0)).transpose()?;
    Ok(pages == Some(0))
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

/// Number of characters at the beginning of a column that a text search covers.
const MAX_SEARCHED_CHARS: i32 = 65_536;

/// Condition that the beginning of the column contains the text, ignoring case (on SQLite only that
/// of ASCII letters). SQLite's LIKE would take the product of both lengths where the text almost
/// matches in many places.
pub fn contains_text(backend: DbBackend, column: Expr, text: &str) -> Expr {
    if backend == DbBackend::Sqlite {
        let sql = format!("instr(lower(substr(?, 1, {MAX_SEARCHED_CHARS})), ?) > 0");
        return Expr::cust_with_exprs(sql, [column, Expr::val(text.to_ascii_lowercase())]);
    }
    // A trigram index that an operator creates by hand has to be on exactly this expression.
    let column = Expr::cust_with_exprs(format!("substr($1, 1, {MAX_SEARCHED_CHARS})"), [column]);
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    // The backslash is PostgreSQL's escape by default, and sea-query's ILIKE … ESCAPE is a syntax
    // error there.
    column.ilike(LikeExpr::new(pattern))
}

/// Condition that the error in the column has the signature.
pub fn error_has_signature(backend: DbBackend, column: Expr, signature: &str) -> Expr {
    let sql = if backend == DbBackend::Sqlite {
        format!("substr(?, 1, {MAX_SIGNATURE_CHARS}) REGEXP ?")
    } else {
        format!("substr($1, 1, {MAX_SIGNATURE_CHARS}) ~ $2")
    };
    Expr::cust_with_exprs(sql, [column, Expr::val(signature_pattern(signature))])
}

/// Returns whether there is such a table that this role may not read. The views of the schema leave
/// it out.
pub async fn hides(db: &impl ConnectionTrait, table: &str) -> Result<bool, DbErr> {
    if db.get_database_backend() == DbBackend::Sqlite {
        return Ok(false);
    }
    let sql = "SELECT CASE WHEN to_regclass($1) IS NULL THEN false \
        ELSE NOT has_table_privilege($1, 'SELECT') END";
    let asked = Statement::from_sql_and_values(DbBackend::Postgres, sql, [table.into()]);
    let row = db.query_one_raw(asked).await?;
    row.map_or(Ok(false), |row| row.try_get_by_index(0))
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

/// Job column in a form that keeps SQLite from using an index on it. PostgreSQL needs no such hint.
pub fn unindexed(backend: DbBackend, column: job::Column) -> Expr {
    let column = Expr::col((job::Entity, column));
    match backend {
        DbBackend::Sqlite => Expr::cust_with_expr("+?", column),
        _ => column,
    }
}

/// Returns whether the planner needs an extra range on the first of two columns that are compared
/// as a pair. PostgreSQL estimates the rows between two pairs at a quarter of the table, and would
/// rather read all of it.
pub fn misestimates_pairs(backend: DbBackend) -> bool {
    backend == DbBackend::Postgres
}

/// Text of a member of the JSON object in the column; null if there is none.
pub fn text_member(backend: DbBackend, column: Expr, name: &str) -> Expr {
    match backend {
        DbBackend::Postgres => column.cast_json_field(name),
        // Another program may have written text that is not JSON, on which json_extract would fail
        // the whole statement.
        _ => Expr::cust_with_exprs(
            "CASE WHEN json_valid(?) THEN json_extract(?, ?) END",
            [column.clone(), column, format!("$.\"{name}\"").into()],
        ),
    }
}

/// Number of the log lines in the data of an event; null or 0 if there are none.
pub fn number_of_lines(backend: DbBackend) -> Expr {
    Expr::cust(match backend {
        DbBackend::Postgres => {
            "CASE WHEN jsonb_typeof(data -> 'lines') = 'array' \
             THEN jsonb_array_length(data -> 'lines')::bigint END"
        }
        _ => "CASE WHEN json_valid(data) THEN json_array_length(data, '$.lines') END",
    })
}

/// Year and month of a time column in UTC, such as `2026-01`. SQLite holds times as texts in UTC.
pub fn month_of(backend: DbBackend, column: Expr) -> Expr {
    match backend {
        DbBackend::Postgres => {
            Expr::cust_with_expr("to_char($1 AT TIME ZONE 'UTC', 'YYYY-MM')", column)
        }
        _ => prefix(column, 7),
    }
}

/// Gives free pages at the end of the SQLite file back to the file system, at most `most`. Does
/// nothing for a file that was created without this, and on PostgreSQL.
pub async fn return_pages(db: &impl ConnectionTrait, most: u64) -> Result<(), DbErr> {
    let backend = db.get_database_backend();
    if backend != DbBackend::Sqlite {
        return Ok(());
    }
    // Each row that is read frees a page.
    let sql = format!("PRAGMA incremental_vacuum({most})");
    db.query_all_raw(Statement::from_string(backend, sql))
        .await
        .map(|_| ())
}

/// First characters of the text, on either database, so that the rest is not sent.
pub fn prefix(column: Expr, characters: i32) -> Expr {
    Func::cust("substr")
        .arg(column)
        .arg(1)
        .arg(characters)
        .into()
}

/// Text column in byte order, which is SQLite's default. PostgreSQL's depends on the database's
/// locale.
pub fn bytewise(backend: DbBackend, column: &str) -> Expr {
    match backend {
        DbBackend::Postgres => Expr::cust(format!("\"{column}\" COLLATE \"C\"")),
        _ => Expr::col(column.to_owned()),
    }
}

/// Page cache of a SQLite connection during bulk writes, in KiB. It holds the leaves of the
/// indexes, which each batch touches at random.
const BULK_CACHE: i64 = 32 * 1024;

/// Pages in the write-ahead log after which a connection checkpoints during bulk writes: 256 MiB. A
/// page that batch after batch changes is then written to the file once for all of them.
const BULK_LOG: i64 = 64 * 1024;

/// Prepares the connection for many inserted rows, on SQLite. The settings stay on the connection
/// after the transaction.
pub async fn expect_bulk(tx: &impl ConnectionTrait) -> Result<(), DbErr> {
    let pragmas =
        format!("PRAGMA cache_size = -{BULK_CACHE}; PRAGMA wal_autocheckpoint = {BULK_LOG}");
    match tx.get_database_backend() {
        DbBackend::Sqlite => tx.execute_unprepared(&pragmas).await.map(|_| ()),
        _ => Ok(()),
    }
}

/// Condition that the column equals one of the texts of a list, which is bound as one value. On
/// PostgreSQL a SELECT without a table surrounds the value, so that the server parses the list once
/// and not for each row that it examines.
pub fn is_one_of(backend: DbBackend, column: Expr, list: String) -> Expr {
    match backend {
        DbBackend::Postgres => Expr::cust_with_exprs(
            "$1 = ANY((SELECT ($2::text)::text[])::text[])",
            [column, list.into()],
        ),
        _ => Expr::cust_with_exprs(
            "? IN (SELECT value FROM json_each(?))",
            [column, list.into()],
        ),
    }
}

/// Returns whether a query can skip rows that another transaction has locked.
pub fn skips_locked(backend: DbBackend) -> bool {
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
