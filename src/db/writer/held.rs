//! Writes that could not be done beside others, because another transaction holds what they need.
//!
//! All of them are tried together again and again, passing over what is still held, and between two tries one of them
//! waits in the database for a moment. So a row that is free again is noticed soon, however many others are not, and all
//! that wait take up one connection.

use super::{
    Shared, late,
    queue::{Outcome, Waiting},
    write::Fate,
};
use crate::{db::errors, error::Error};
use std::{sync::Arc, time::Duration};

/// How long one of them waits before all are tried again.
const MOMENT: Duration = Duration::from_millis(100);

impl Shared {
    /// The write waits until what it needs is free, or its caller has waited long enough.
    pub(super) fn hold(self: &Arc<Self>, entry: Box<dyn Waiting>) {
        let Some(entry) = waits_on(entry) else { return };
        if self.held.push(entry) {
            let this = self.clone();
            tokio::spawn(async move { this.drain_held().await });
        }
    }

    async fn drain_held(self: Arc<Self>) {
        loop {
            let Ok(turn) = self.turns.acquire().await else { return };
            let Some(batch) = self.held.take() else { return };
            // A task of its own, so that a bug in one write does not end them all.
            let this = self.clone();
            let left = tokio::spawn(async move { this.try_again(batch).await }).await.unwrap_or_default();
            drop(turn);
            for entry in left.into_iter().filter_map(waits_on) {
                self.held.push(entry);
            }
        }
    }

    /// Answers with those that have to wait on, in the order in which they are to be tried.
    async fn try_again(self: Arc<Self>, mut batch: Vec<Box<dyn Waiting>>) -> Vec<Box<dyn Waiting>> {
        batch.retain(|entry| entry.begin());
        if batch.len() > 1 {
            let fates = self.run_many(&batch, Some(MOMENT)).await;
            batch = batch.into_iter().zip(fates).filter_map(|(entry, fate)| answered(entry, fate)).collect();
        }
        if batch.is_empty() {
            return batch;
        }
        let first = batch.remove(0);
        let fate = match self.attempt(first.as_ref(), Some(MOMENT)).await {
            Err(Error::Unavailable(error)) if errors::is_held(&error) || errors::is_retryable(&error) => Fate::Alone,
            outcome => Fate::Done(outcome),
        };
        batch.extend(answered(first, fate));
        batch
    }
}

/// The write, unless it has been answered.
fn answered(entry: Box<dyn Waiting>, fate: Fate<Outcome>) -> Option<Box<dyn Waiting>> {
    match fate {
        Fate::Alone => Some(entry),
        Fate::Done(outcome) => {
            entry.answer(outcome);
            None
        }
    }
}

/// The write, unless it is too late for it.
fn waits_on(entry: Box<dyn Waiting>) -> Option<Box<dyn Waiting>> {
    if entry.is_late() {
        entry.answer(Err(late()));
        return None;
    }
    entry.rest();
    Some(entry)
}
