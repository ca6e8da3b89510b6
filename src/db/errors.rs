//! What a failed statement means.

use crate::error::Error;
use sea_orm::{DbErr, RuntimeErr, SqlErr};

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if is_passing(&error) { Error::Unavailable(error) } else { Error::Database(error) }
    }
}

/// Neither the request nor the service is wrong: the same call may succeed in a moment.
pub fn is_passing(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(e)) | DbErr::Query(RuntimeErr::SqlxError(e)) => match &**e {
            sqlx::Error::Database(e) => e.code().is_some_and(|code| is_passing_code(&code)),
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
            sqlx::Error::WorkerCrashed => true,
            _ => false,
        },
        _ => false,
    }
}

/// The transaction was undone by the database for a reason that lies in its timing: it may be run again as it is.
pub fn is_retryable(error: &DbErr) -> bool {
    has_code(error, &["40001", "40P01"])
}

/// Another transaction held what a statement needed for longer than it waits.
pub fn is_held(error: &DbErr) -> bool {
    has_code(error, &["55P03"])
}

fn has_code(error: &DbErr, codes: &[&str]) -> bool {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(e)) | DbErr::Query(RuntimeErr::SqlxError(e)) => {
            e.as_database_error().and_then(|e| e.code()).is_some_and(|code| codes.contains(&&*code))
        }
        _ => false,
    }
}

/// A row with the key is there: one that was looked for before may have been written by somebody else since.
pub fn is_taken(error: &Error) -> bool {
    matches!(error, Error::Database(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))))
}

/// The database says so itself; without an answer nobody knows what it did.
pub fn was_answered(error: &DbErr) -> bool {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(e)) | DbErr::Query(RuntimeErr::SqlxError(e)) => {
            e.as_database_error().is_some()
        }
        _ => false,
    }
}

/// A statement failed, rather than a rule of Callsheet's own.
pub fn is_of_database(error: &Error) -> bool {
    matches!(error, Error::Unavailable(_) | Error::Database(_))
}

/// SQLite: primary result code in the low byte (5 busy, 6 locked, 10 I/O, 13 full). PostgreSQL: SQLSTATE classes of
/// lost connections (08), rolled back transactions (40), lacking resources (53), rows that
/// others hold (55P03) and operator intervention (57).
fn is_passing_code(code: &str) -> bool {
    if code.len() == 5 {
        return ["08", "40", "53", "55P03", "57"].iter().any(|class| code.starts_with(class));
    }
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 10 | 13))
}
