//! Failure of a statement, as the source of an error.

use crate::error::Source;
use sea_orm::{DbErr, RuntimeErr};
use std::{borrow::Cow, fmt};

/// Failure of a statement, shown as the database's own message and its code.
#[derive(Debug)]
struct StatementError(DbErr);

impl std::error::Error for StatementError {}

impl fmt::Display for StatementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (DbErr::Exec(cause) | DbErr::Query(cause) | DbErr::Conn(cause)) = &self.0 else {
            return self.0.fmt(f);
        };
        match cause {
            RuntimeErr::Internal(text) => f.write_str(text),
            RuntimeErr::SqlxError(error) => match (error.as_database_error(), code(&self.0)) {
                (Some(error), Some(code)) => write!(f, "{}, code {code}", error.message()),
                _ => error.fmt(f),
            },
        }
    }
}

/// Boxes the failure of a statement for an error of the service.
pub fn source(error: DbErr) -> Source {
    Box::new(StatementError(error))
}

/// Failure of a statement, as itself or as the source of an error of the service.
pub trait Failure {
    fn failure(&self) -> Option<&DbErr>;
}

impl Failure for DbErr {
    fn failure(&self) -> Option<&DbErr> {
        Some(self)
    }
}

impl Failure for Source {
    fn failure(&self) -> Option<&DbErr> {
        self.downcast_ref().map(|StatementError(error)| error)
    }
}

/// Returns the database's own error code, if the error is a response of the database.
pub(super) fn code(error: &DbErr) -> Option<Cow<'_, str>> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(e)) | DbErr::Query(RuntimeErr::SqlxError(e)) => {
            e.as_database_error().and_then(|e| e.code())
        }
        _ => None,
    }
}
