//! Traits of all writes, and the outcome of a write that shares a transaction.

use super::{
    by::By,
    queued::{Entry, QueuedWrite},
};
use crate::{
    db::Tx,
    error::{Error, Result},
};
use std::{future::Future, ops::Deref};

/// Change that happens as a whole or not at all.
pub trait Write: Send + Sync + Sized + 'static {
    type Output: Send + 'static;

    /// Makes the change inside `tx`. An error undoes all of it. The writer may call it again after
    /// a rollback, so it takes `&self` and stores nothing.
    fn apply(&self, tx: &Tx) -> impl Future<Output = Result<Self::Output>> + Send;

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

    /// Wraps the write for the queue. Overridden by each [`BatchWrite`], which has a variant of
    /// its own.
    fn queued(entry: Entry<Self>) -> QueuedWrite {
        QueuedWrite::Single(Box::new(entry))
    }
}

/// Write with its caller.
pub struct Call<'a, W> {
    pub write: &'a W,
    pub by: &'a By,
}

impl<W> Clone for Call<'_, W> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<W> Copy for Call<'_, W> {}

impl<W> Deref for Call<'_, W> {
    type Target = W;

    fn deref(&self) -> &W {
        self.write
    }
}

/// Write that a few statements can make together with others of its type.
pub trait BatchWrite: Write {
    /// Makes several changes inside one transaction, in order, and returns the outcome of each. A
    /// refused change must leave nothing behind; where that is impossible, an error for all makes
    /// the writer undo them and apply them one by one.
    fn apply_all(
        calls: &[Call<'_, Self>],
        tx: &Tx,
    ) -> impl Future<Output = Result<Vec<WriteOutcome<Self::Output>>>> + Send;
}

/// Outcome of one of the writes that share a transaction.
pub enum WriteOutcome<T> {
    Done(T),
    /// Refused; it left nothing behind.
    Refused(Error),
    /// Not done yet: another transaction, or a write before it, has what it needs. The writer
    /// retries it.
    Blocked,
}

impl<T> WriteOutcome<T> {
    /// Returns the outcomes of some writes, in their order; one without an outcome is blocked.
    pub fn of_all(outcomes: Vec<Option<Self>>) -> Vec<Self> {
        let of = |outcome: Option<Self>| outcome.unwrap_or(Self::Blocked);
        outcomes.into_iter().map(of).collect()
    }

    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> WriteOutcome<U> {
        match self {
            Self::Done(output) => WriteOutcome::Done(change(output)),
            Self::Refused(error) => WriteOutcome::Refused(error),
            Self::Blocked => WriteOutcome::Blocked,
        }
    }

    /// Returns the outcome of a write whose statements wait for locked rows, so that it is never
    /// blocked.
    pub fn decided(self) -> Result<T> {
        match self {
            Self::Done(output) => Ok(output),
            Self::Refused(error) => Err(error),
            Self::Blocked => Err(Error::Internal(
                "a write that waits for locked rows was blocked".to_owned(),
            )),
        }
    }
}

impl<T> From<Result<T>> for WriteOutcome<T> {
    fn from(result: Result<T>) -> Self {
        match result {
            Ok(output) => Self::Done(output),
            Err(error) => Self::Refused(error),
        }
    }
}
