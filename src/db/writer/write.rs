//! What a write is.

use crate::{
    db::{Tx, errors},
    error::Result,
};
use std::future::Future;

/// A change that happens as a whole or not at all.
pub trait Write: Send + Sync + Sized + 'static {
    type Output: Send + 'static;

    /// Does the change inside `tx`. An error undoes all of it. May be called again after a rollback, so it takes
    /// `&self` and keeps nothing.
    fn apply(&self, tx: &Tx) -> impl Future<Output = Result<Self::Output>> + Send;

    /// Does several changes of the kind inside one transaction, in their order, and answers with what became of each. To
    /// be given where some statements can serve all of them. A change that is refused has to leave nothing behind;
    /// where that cannot be, an error for all has them undone, and applied one by one.
    fn apply_all(writes: &[&Self], tx: &Tx) -> impl Future<Output = Result<Vec<Fate<Self::Output>>>> + Send {
        async move {
            let mut fates = Vec::with_capacity(writes.len());
            for write in writes {
                let before = tx.written();
                fates.push(match write.apply(tx).await {
                    Err(error) if errors::is_of_database(&error) || tx.written() != before => return Err(error),
                    outcome => Fate::Done(outcome),
                });
            }
            Ok(fates)
        }
    }

    /// What the write is about, a job as a rule. Writes about one thing follow each other, and may share a transaction
    /// with those about others, whose rows they have to leave alone. A write that may touch any row has no key.
    fn key(&self) -> Option<&str> {
        None
    }

    /// Takes so long that others are not to be kept waiting for its commit.
    fn is_large(&self) -> bool {
        false
    }

    /// About how many bytes it holds while it waits. To be given by every write that holds what a caller sent.
    fn weight(&self) -> usize {
        1024
    }
}

/// What became of one of the writes that share a transaction.
pub enum Fate<T> {
    Done(Result<T>),
    /// Nothing yet: what it needs is held by another transaction, or by a write before it. It is tried again.
    Alone,
}
