//! The one place that writes.
//!
//! A write is a value: it says what to do inside a transaction, and may be run again. Because the verbs hand over
//! values and never hold a transaction themselves, how transactions are made can change here alone.

use super::{dialect, errors};
use crate::error::{Error, Result};
use sea_orm::{DatabaseConnection, DatabaseTransaction, DbErr, TransactionTrait};
use std::{future::Future, sync::Arc};
use tokio::sync::Semaphore;

/// How often a write is run again when the database undid it for its timing (deadlock, serialization).
const RERUNS: usize = 5;

/// A transaction that holds the locks to write.
pub type Tx = DatabaseTransaction;

/// A change that happens as a whole or not at all.
pub trait Write: Send + Sync + 'static {
    type Output: Send + 'static;

    /// Does the change inside `tx`. An error undoes all of it. May be called again after a rollback, so it takes
    /// `&self` and keeps nothing.
    fn apply(&self, tx: &Tx) -> impl Future<Output = Result<Self::Output>> + Send;
}

#[derive(Clone)]
pub struct Writer {
    conn: DatabaseConnection,
    turns: Arc<Semaphore>,
}

impl Writer {
    /// At most so many writes run at once; the others wait for their turn.
    pub fn new(conn: DatabaseConnection, writers: usize) -> Self {
        Self { conn, turns: Arc::new(Semaphore::new(writers)) }
    }

    /// Answers after the commit.
    ///
    /// The write runs in a task of its own: a caller that goes away does not leave a transaction half-way.
    pub async fn commit<W: Write>(&self, write: W) -> Result<W::Output> {
        let this = self.clone();
        let task = tokio::spawn(async move {
            let _turn = this.turns.acquire().await;
            for _ in 0..RERUNS {
                match this.attempt(&write).await {
                    Err(Error::Unavailable(error)) if errors::is_retryable(&error) => continue,
                    outcome => return outcome,
                }
            }
            this.attempt(&write).await
        });
        task.await.unwrap_or_else(|e| Err(Error::Database(DbErr::Custom(e.to_string()))))
    }

    #[allow(clippy::disallowed_methods, reason = "this is the one place that begins a write transaction")]
    async fn attempt<W: Write>(&self, write: &W) -> Result<W::Output> {
        let tx = self.conn.begin_with_options(dialect::write_transaction()).await?;
        match write.apply(&tx).await {
            Ok(output) => {
                tx.commit().await?;
                Ok(output)
            }
            Err(error) => {
                // The connection may be gone; the first error tells more than this one.
                let _ = tx.rollback().await;
                Err(error)
            }
        }
    }
}
