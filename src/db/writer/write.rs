//! Trait of all writes, and their outcome.

use crate::{
    db::{Tx, connection::errors},
    error::Result,
};
use std::future::Future;

/// Change that happens as a whole or not at all.
pub trait Write: Send + Sync + Sized + 'static {
    type Output: Send + 'static;

    /// Makes the change inside `tx`. An error undoes all of it. The writer may call it again after
    /// a rollback, so it takes `&self` and stores nothing.
    fn apply(&self, tx: &Tx) -> impl Future<Output = Result<Self::Output>> + Send;

    /// Makes several changes of this type inside one transaction, in order, and returns the outcome
    /// of each. To be overridden where a few statements can serve all of them. A refused change
    /// must leave nothing behind; where that is impossible, an error for all makes the writer undo
    /// them and apply them one by one.
    fn apply_all(
        writes: &[&Self],
        tx: &Tx,
    ) -> impl Future<Output = Result<Vec<WriteOutcome<Self::Output>>>> + Send {
        async move {
            let mut fates = Vec::with_capacity(writes.len());
            for write in writes {
                let before = tx.written();
                fates.push(match write.apply(tx).await {
                    Err(error) if errors::is_database_error(&error) || tx.written() != before => {
                        return Err(error);
                    }
                    outcome => WriteOutcome::Done(outcome),
                });
            }
            Ok(fates)
        }
    }

    /// Identifies the subject of the write, usually a job. Writes with the same key run in order.
    /// They may share a transaction with writes of other keys, whose rows they must not touch. A
    /// write that may touch any row has no key.
    fn key(&self) -> Option<&str> {
        None
    }

    /// Returns whether the write takes so long that others must not wait for its commit.
    fn is_large(&self) -> bool {
        false
    }

    /// Approximate bytes that the write holds while it waits. To be overridden by every write that
    /// holds data of a request.
    fn weight(&self) -> usize {
        1024
    }
}

/// Outcome of one of the writes that share a transaction.
pub enum WriteOutcome<T> {
    Done(Result<T>),
    /// Not done yet: another transaction, or a write before it, has what it needs. The writer
    /// retries it.
    Blocked,
}
