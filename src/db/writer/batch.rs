//! Batches of writes: runs each until it is committed, refused, or has to wait.

use super::{
    Shared,
    batch_error::{BatchError, of_batch},
    queued::QueuedWrite,
    transaction::Outcomes,
    write::WriteOutcome,
};
use crate::{
    db::{connection::errors, dialect},
    error::{Error, Result},
};
use std::{sync::Arc, time::Duration};

/// Maximum reruns of a transaction that the database undid because of its timing (deadlock,
/// serialization).
const RERUNS: usize = 5;

impl Shared {
    pub(super) async fn run(self: Arc<Self>, mut batch: Vec<QueuedWrite>) {
        batch.retain(|entry| entry.begin());
        if !batch.is_empty() {
            self.instruments.batch_sizes.observe(batch.len() as f64);
        }
        let outcomes = match batch.as_slice() {
            [] => return,
            [one]
                if one.key().is_none()
                    || !dialect::skips_locked(self.conn.get_database_backend()) =>
            {
                vec![self.run_one(one).await.into()]
            }
            many => self.run_many(many, None).await,
        };
        for (entry, outcome) in batch.into_iter().zip(outcomes) {
            match outcome {
                WriteOutcome::Blocked => self.park(entry),
                decided => entry.answer(decided.decided()),
            }
        }
    }

    /// Runs a write in a separate transaction, outside the write queues.
    pub(super) async fn run_unqueued(self: Arc<Self>, entry: QueuedWrite) {
        let Ok(_turn) = self.turns.acquire().await else {
            return;
        };
        self.clone().run(vec![entry]).await;
    }

    async fn run_one(&self, entry: &QueuedWrite) -> Result<()> {
        let mut moved = false;
        for _ in 0..RERUNS {
            match self.try_attempt(entry, None).await {
                Err(BatchError::Timing) => continue,
                Err(BatchError::Connection(_)) if !moved => {
                    moved = true;
                    self.conn.drop_unusable().await;
                }
                outcome => return outcome.map_err(of_batch),
            }
        }
        self.attempt(entry, None).await
    }

    pub(super) async fn run_many(
        &self,
        entries: &[QueuedWrite],
        wait: Option<Duration>,
    ) -> Outcomes {
        let mut moved = false;
        for _ in 0..RERUNS {
            match self.run_batch(entries, wait).await {
                Ok(outcomes) => return outcomes,
                Err(BatchError::Timing) => continue,
                Err(BatchError::OneOfThem(_)) => break,
                Err(BatchError::Connection(_)) if !moved => {
                    moved = true;
                    self.conn.drop_unusable().await;
                }
                Err(BatchError::All(error) | BatchError::Connection(error)) => {
                    return refused(entries, &error);
                }
            }
        }
        let done = self.one_by_one(entries).await;
        done.unwrap_or_else(|error| refused(entries, &error))
    }
}

/// Refuses all writes for the same reason.
fn refused(entries: &[QueuedWrite], error: &Error) -> Outcomes {
    let refuse = |_| WriteOutcome::Refused(errors::copy(error));
    entries.iter().map(refuse).collect()
}
