//! Reasons why a transaction of writes was undone, and what may help.

use crate::{db::connection::errors, error::Error};

/// Reason why a transaction of many writes was undone.
pub(super) enum BatchError {
    /// The same batch may succeed when it is run again.
    Timing,
    /// One of the writes may be the reason.
    OneOfThem(Error),
    /// Nothing was committed, and the batch may be run again once on another connection: this one
    /// was cut before the commit, or leads to a server that accepts no writes.
    Connection(Error),
    /// None of the writes is the reason.
    All(Error),
}

/// Returns whether the database gave no answer.
pub(super) fn is_silent(error: &Error) -> bool {
    matches!(error, Error::Unavailable(error) if !errors::was_answered(error))
}

/// Reason why an error undid a transaction.
pub(super) fn undone(error: Error) -> BatchError {
    match error {
        Error::Unavailable(error) if errors::is_retryable(&error) => BatchError::Timing,
        Error::Unavailable(error)
            if errors::is_connection_lost(&error) || errors::is_read_only(&error) =>
        {
            BatchError::Connection(Error::Unavailable(error))
        }
        // The database undid everything, and would again.
        error
            if is_silent(&error) || matches!(error, Error::DiskFull(_) | Error::DatabaseMoved) =>
        {
            BatchError::All(error)
        }
        error => BatchError::OneOfThem(error),
    }
}

/// Error of a single write.
pub(super) fn of_batch(error: BatchError) -> Error {
    match error {
        BatchError::OneOfThem(error) | BatchError::Connection(error) | BatchError::All(error) => {
            error
        }
        BatchError::Timing => Error::Overloaded,
    }
}
