//! The one place that writes.
//!
//! A write is a value: it says what to do inside a transaction, and may be run again. Because the verbs hand over
//! values and never hold a transaction themselves, how transactions are made can change here alone.

use super::{
    dialect, errors,
    news::{NewsDesk, Told},
    relay::Relay,
    tx::Tx,
};
use crate::error::{Error, Result};
use sea_orm::{ConnAcquireErr, DatabaseConnection, DbErr, TransactionTrait};
use std::{future::Future, sync::Arc, time::Duration};
use tokio::sync::{Semaphore, oneshot};

/// How often a write is run again when the database undid it for its timing (deadlock, serialization).
const RERUNS: usize = 5;

/// How long a write waits for its turn before its caller is told to come again.
const PATIENCE: Duration = Duration::from_secs(5);

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
    desk: NewsDesk,
    relay: Option<Relay>,
}

impl Writer {
    /// At most so many writes run at once; the others wait for their turn.
    pub fn new(conn: DatabaseConnection, writers: usize, desk: NewsDesk, relay: Option<Relay>) -> Self {
        Self { conn, turns: Arc::new(Semaphore::new(writers)), desk, relay }
    }

    /// Answers after the commit.
    ///
    /// The write runs in a task of its own: a caller that goes away does not leave a transaction half-way. A write whose
    /// caller has gone before its turn came is not begun.
    pub async fn commit<W: Write>(&self, write: W) -> Result<W::Output> {
        let (answer, outcome) = oneshot::channel();
        let this = self.clone();
        tokio::spawn(async move {
            let turn = tokio::time::timeout(PATIENCE, this.turns.acquire()).await;
            if answer.is_closed() {
                return;
            }
            let outcome = match turn {
                Ok(_turn) => this.run(&write).await,
                Err(_) => Err(Error::Unavailable(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))),
            };
            // Nobody may be there to hear it any more; the write is committed or not all the same.
            let _ = answer.send(outcome);
        });
        let gone = || Error::Database(DbErr::Custom("the write broke down".to_owned()));
        outcome.await.unwrap_or_else(|_| Err(gone()))
    }

    async fn run<W: Write>(&self, write: &W) -> Result<W::Output> {
        for _ in 0..RERUNS {
            match self.attempt(write).await {
                Err(Error::Unavailable(error)) if errors::is_retryable(&error) => continue,
                outcome => return outcome,
            }
        }
        self.attempt(write).await
    }

    #[allow(clippy::disallowed_methods, reason = "this is the one place that begins a write transaction")]
    async fn attempt<W: Write>(&self, write: &W) -> Result<W::Output> {
        let tx = Tx::new(self.conn.begin_with_options(dialect::write_transaction()).await?);
        match write.apply(&tx).await {
            Ok(output) => {
                self.publish(tx.commit().await?);
                Ok(output)
            }
            Err(error) => {
                // The connection may be gone; the first error tells more than this one.
                let _ = tx.rollback().await;
                Err(error)
            }
        }
    }

    fn publish(&self, told: Told) {
        if told.is_empty() {
            return;
        }
        if let Some(relay) = &self.relay {
            relay.tell(&told);
        }
        self.desk.publish(Arc::new(told));
    }
}
