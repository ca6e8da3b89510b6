//! Classifies the errors of failed statements.

mod statement_error;

pub use statement_error::{Failure, source};

use crate::error::Error;
use sea_orm::{DbBackend, DbErr, RuntimeErr, SqlErr};
use statement_error::code;

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        let kind = if is_disk_full(&error) {
            Error::DiskFull
        } else if is_transient(&error) {
            Error::Unavailable
        } else if is_not_allowed(&error) || lacks_table(&error) {
            Error::NotAllowed
        } else {
            Error::Database
        };
        kind(source(error))
    }
}

/// Returns whether the same call may succeed in a moment: neither the request nor the service is at
/// fault.
pub fn is_transient(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(e)) | DbErr::Query(RuntimeErr::SqlxError(e)) => {
            match &**e {
                sqlx::Error::Database(e) => e.code().is_some_and(|code| is_transient_code(&code)),
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed => true,
                sqlx::Error::WorkerCrashed => true,
                _ => false,
            }
        }
        _ => false,
    }
}

/// Returns whether the database undid the transaction because of its timing (serialization failure
/// or deadlock), so that the same transaction may be run again.
pub fn is_retryable(error: &impl Failure) -> bool {
    has_code(error, &["40001", "40P01"])
}

/// Returns whether the database cancelled the statement because it exceeded its time limit.
pub fn is_late(error: &impl Failure) -> bool {
    has_code(error, &["57014"])
}

/// Returns whether a statement gave up waiting for a lock of another transaction.
pub fn is_lock_timeout(error: &impl Failure) -> bool {
    has_code(error, &["55P03"])
}

/// Text of the error for a write whose row stayed locked.
const ROW_LOCKED: &str = "another transaction has locked what the write needs";

/// Error for a write whose row another transaction kept locked until its deadline.
pub fn row_locked() -> DbErr {
    DbErr::Query(RuntimeErr::Internal(ROW_LOCKED.to_owned()))
}

/// Returns whether a write failed because of the state of the database or of this server: others
/// fail too. A row that another transaction has locked holds up only the writes that need it.
pub fn is_outage(error: &Error) -> bool {
    match error {
        Error::Overloaded | Error::DiskFull(_) | Error::DatabaseMoved => true,
        Error::Unavailable(source) => {
            let locked = match source.failure() {
                Some(DbErr::Query(RuntimeErr::Internal(text))) => text == ROW_LOCKED,
                _ => false,
            };
            !locked && !is_lock_timeout(source) && !is_retryable(source)
        }
        _ => false,
    }
}

/// Returns whether the role lacks a privilege, such as that of creating tables.
pub fn is_not_allowed(error: &impl Failure) -> bool {
    has_code(error, &["42501"])
}

/// Returns whether a table is missing: SQLSTATE undefined_table, or SQLite's message, which has no
/// code of its own.
fn lacks_table(error: &DbErr) -> bool {
    let no_such_table = |error: &DbErr| match error {
        DbErr::Exec(RuntimeErr::SqlxError(e)) | DbErr::Query(RuntimeErr::SqlxError(e)) => e
            .as_database_error()
            .is_some_and(|e| e.message().starts_with("no such table")),
        _ => false,
    };
    has_code(error, &["42P01"]) || no_such_table(error)
}

/// Returns whether the server accepts no writes at the moment: it is a standby, or the primary of
/// before a failover.
pub fn is_read_only(error: &impl Failure) -> bool {
    has_code(error, &["25006"])
}

fn has_code(error: &impl Failure, codes: &[&str]) -> bool {
    error
        .failure()
        .and_then(code)
        .is_some_and(|code| codes.contains(&&*code))
}

/// Returns whether the connection was cut before the statement was answered: by its other end, or
/// by an administrator, a crash or a timeout of PostgreSQL.
pub fn is_connection_lost(error: &impl Failure) -> bool {
    match error.failure() {
        Some(
            DbErr::Exec(RuntimeErr::SqlxError(e))
            | DbErr::Query(RuntimeErr::SqlxError(e))
            | DbErr::Conn(RuntimeErr::SqlxError(e)),
        ) => match &**e {
            sqlx::Error::Io(_) => true,
            sqlx::Error::Database(e) => e.code().is_some_and(|code| {
                CONNECTION_LOST_CODES.contains(&&*code) || code.starts_with("08")
            }),
            _ => false,
        },
        _ => false,
    }
}

/// SQLSTATE codes admin_shutdown, crash_shutdown and idle_session_timeout.
const CONNECTION_LOST_CODES: [&str; 3] = ["57P01", "57P02", "57P05"];

/// Returns whether a row with the same unique key exists. Another transaction may have inserted it
/// after this one looked for it.
pub fn is_unique_violation(error: &Error) -> bool {
    let Error::Database(source) = error else {
        return false;
    };
    let failure = source.failure().and_then(DbErr::sql_err);
    matches!(failure, Some(SqlErr::UniqueConstraintViolation(_)))
}

/// Returns whether the error is a response of the database. Without a response, the effect of the
/// statement is unknown.
pub fn was_answered(error: &impl Failure) -> bool {
    match error.failure() {
        Some(DbErr::Exec(RuntimeErr::SqlxError(e)) | DbErr::Query(RuntimeErr::SqlxError(e))) => {
            e.as_database_error().is_some()
        }
        _ => false,
    }
}

/// Copies the error for another caller, with its source as text.
pub fn copy(error: &Error) -> Error {
    let text = |text: String| source(DbErr::Exec(RuntimeErr::Internal(text)));
    match error {
        Error::Unavailable(source) => Error::Unavailable(text(source.to_string())),
        Error::DiskFull(source) => Error::DiskFull(text(source.to_string())),
        Error::NotAllowed(source) => Error::NotAllowed(text(source.to_string())),
        Error::Database(source) => Error::Database(text(source.to_string())),
        Error::DatabaseMoved => Error::DatabaseMoved,
        Error::Internal(state) => Error::Internal(state.clone()),
        error => Error::Database(text(error.to_string())),
    }
}

/// Returns whether the error is a response of the database to a statement.
pub fn is_answer(error: &Error) -> bool {
    match error {
        Error::Unavailable(source)
        | Error::DiskFull(source)
        | Error::NotAllowed(source)
        | Error::Database(source) => was_answered(source),
        _ => false,
    }
}

/// Returns whether a statement failed, rather than a rule of Callsheet.
pub fn is_database_error(error: &Error) -> bool {
    matches!(
        error,
        Error::Unavailable(_)
            | Error::DiskFull(_)
            | Error::DatabaseMoved
            | Error::NotAllowed(_)
            | Error::Database(_)
            | Error::Internal(_)
    )
}

/// Returns whether the disk of the database is full: SQLITE_FULL (13) or PostgreSQL's `disk_full`
/// (53100).
fn is_disk_full(error: &DbErr) -> bool {
    code(error).is_some_and(|code| match code.len() {
        5 => code == "53100",
        _ => code.parse::<u32>().is_ok_and(|code| code & 0xff == 13),
    })
}

/// Returns whether the transaction is intact after this error. On SQLite it is when a constraint
/// (19) or a wrong type (20) refused the statement, or when the statement itself was wrong (1).
/// After any other failure SQLite may have undone the whole transaction, and PostgreSQL accepts no
/// further statement until a rollback.
pub fn leaves_transaction(error: &DbErr, backend: DbBackend) -> bool {
    backend == DbBackend::Sqlite
        && code(error)
            .and_then(|code| code.parse::<u32>().ok())
            .is_none_or(|code| matches!(code & 0xff, 1 | 19 | 20))
}

/// Returns whether the code means a passing condition. SQLite: primary result code in the low byte
/// (5 busy, 6 locked, 7 no memory, 8 read-only, 9 interrupted, 10 I/O, 14 cannot open, 15 locking
/// protocol). PostgreSQL: SQLSTATE classes of lost connections (08), wrong states of the
/// transaction such as read-only (25), rolled back transactions (40), lacking resources (53), rows
/// locked by others (55P03) and operator intervention (57).
fn is_transient_code(code: &str) -> bool {
    if code.len() == 5 {
        return ["08", "25", "40", "53", "55P03", "57"]
            .iter()
            .any(|class| code.starts_with(class));
    }
    code.parse::<u32>()
        .is_ok_and(|code| matches!(code & 0xff, 5..=10 | 14 | 15))
}
