//! Writes that are blocked, because another transaction has locked what they need.
//!
//! All of them are retried together, skipping rows that are still locked, and between two rounds
//! one of them waits in the database for a short time. So a released row is noticed soon, however
//! many others stay locked, and all blocked writes use one connection.

use super::{Shared, queued::QueuedWrite, write::WriteOutcome};
use crate::{db::connection::errors, error::Error};
use std::{sync::Arc, time::Duration};

/// Time that one write waits for its lock before all are retried.
const RETRY_BLOCKED_AFTER: Duration = Duration::from_millis(100);

impl Shared {
    /// Parks the write until the lock that it needs is free, or its caller has waited long enough.
    pub(super) fn park(self: &Arc<Self>, entry: QueuedWrite) {
        let Some(entry) = waits_on(entry) else { return };
        self.instruments.write_blocked();
        if self.blocked.push(entry) {
            let this = self.clone();
            tokio::spawn(async move { this.drain_blocked().await });
        }
    }

    async fn drain_blocked(self: Arc<Self>) {
        loop {
            let Ok(turn) = self.turns.acquire().await else {
                return;
            };
            let Some(batch) = self.blocked.take() else {
                return;
            };
            // A separate task, so that a panic in one write does not end them all.
            let this = self.clone();
            let left = tokio::spawn(async move { this.try_again(batch).await })
                .await
                .unwrap_or_default();
            drop(turn);
            for entry in left.into_iter().filter_map(waits_on) {
                self.blocked.push(entry);
            }
        }
    }

    /// Retries the writes. Returns those that are still blocked, in the order of their next round.
    async fn try_again(self: Arc<Self>, mut batch: Vec<QueuedWrite>) -> Vec<QueuedWrite> {
        batch.retain(|entry| entry.begin());
        if batch.len() > 1 {
            let outcomes = self.run_many(&batch, Some(RETRY_BLOCKED_AFTER)).await;
            batch = batch
                .into_iter()
                .zip(outcomes)
                .filter_map(|(entry, outcome)| answered(entry, outcome))
                .collect();
        }
        if batch.is_empty() {
            return batch;
        }
        let first = batch.remove(0);
        let outcome = match self.attempt(&first, Some(RETRY_BLOCKED_AFTER)).await {
            Err(Error::Unavailable(source))
                if errors::is_lock_timeout(&source) || errors::is_retryable(&source) =>
            {
                WriteOutcome::Blocked
            }
            outcome => outcome.into(),
        };
        batch.extend(answered(first, outcome));
        batch
    }
}

/// Answers the write; returns it if it is still blocked.
fn answered(entry: QueuedWrite, outcome: WriteOutcome<()>) -> Option<QueuedWrite> {
    match outcome {
        WriteOutcome::Blocked => return Some(entry),
        decided => entry.answer(decided.decided()),
    }
    None
}

/// Returns the write for another round, or answers it with a timeout if its deadline has passed.
fn waits_on(entry: QueuedWrite) -> Option<QueuedWrite> {
    if entry.is_late() {
        entry.answer(Err(Error::Unavailable(
            errors::source(errors::row_locked()),
        )));
        return None;
    }
    entry.unclaim();
    Some(entry)
}
