//! Buffer of the reports that the server does not have yet. It keeps the newest progress, the
//! newest state of each item, and log lines up to a limit; it counts the lines beyond that. It
//! never drops items and results: while they wait for an unreachable server, their source waits
//! too.

use super::{
    batch::{Limits, ReportBatch},
    buffer::Buffer,
    report::{ItemReport, Report},
};
use serde_json::{Map, Value};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Last result that was reported, or the reason why it could not be taken.
pub type ReportedResult = Result<Map<String, Value>, String>;

#[derive(Default)]
pub struct Reports {
    pending: Mutex<Buffer>,
    /// Wakes the heartbeat: there is a report, or there will be no more.
    ready: Notify,
    /// Wakes who waits for room, or for an item to be settled.
    space: Notify,
}

impl Reports {
    pub fn new(limits: Limits) -> Self {
        let reports = Self::default();
        reports.pending().limits = limits;
        reports
    }

    fn pending(&self) -> MutexGuard<'_, Buffer> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a report, as soon as the buffer has room.
    pub async fn add(&self, report: Report) {
        self.room().await;
        self.pending().add(report);
        self.ready.notify_one();
    }

    /// Adds a line for the history of the job, as soon as the buffer has room.
    pub async fn log(&self, line: String) {
        self.room().await;
        self.pending().add_line(line);
        self.ready.notify_one();
    }

    async fn room(&self) {
        loop {
            let room = self.space.notified();
            if !self.pending().is_full() {
                return;
            }
            room.await;
        }
    }

    /// Returns when the server has every report on this item, or will never take it.
    pub async fn settled(&self, item: &ItemReport) {
        loop {
            let change = self.space.notified();
            if !self.pending().has(item) {
                return;
            }
            change.await;
        }
    }

    /// Marks the end of the reports.
    pub fn close(&self) {
        self.pending().closed = true;
        self.ready.notify_one();
    }

    /// Waits for a report, or for the end of them.
    pub async fn news(&self) {
        self.ready.notified().await;
    }

    pub fn state(&self) -> State {
        let pending = self.pending();
        match (pending.is_empty(), pending.closed) {
            (true, true) => State::Finished,
            (true, false) => State::Nothing,
            (false, true) => State::Urgent,
            (false, false) if !pending.batch.items.is_empty() => State::Urgent,
            (false, false) => State::Something,
        }
    }

    /// Takes the next batch. Items beyond the limits of a request stay for the next one.
    pub fn take(&self) -> ReportBatch {
        let batch = self.pending().take();
        self.space.notify_waiters();
        batch
    }

    /// Notes that the server has the last batch.
    pub fn sent(&self) {
        self.pending().landed();
        self.space.notify_waiters();
    }

    /// Puts back a batch that could not be sent. Newer reports override it.
    pub fn put_back(&self, batch: ReportBatch) {
        let mut pending = self.pending();
        pending.put_back(batch);
        pending.landed();
    }

    /// Puts back a batch of several reports of which the server refused one, so that smaller ones
    /// are tried. Returns the item if it was the only report of the batch, and `None` otherwise;
    /// the item is settled with the next call of [`Reports::sent`], so that the refusal is known
    /// first; whatever else was alone in its batch is dropped.
    pub fn narrow(&self, batch: ReportBatch, why: &str) -> Option<ItemReport> {
        let mut pending = self.pending();
        match (batch.items.len(), batch.is_of_items()) {
            (1, true) => {
                pending.careful = None;
                return batch.items.into_iter().next();
            }
            (0, _) => pending.give_up(batch, why),
            (count, alone) => {
                pending.careful = Some(if alone { count / 2 } else { count });
                pending.put_back(batch);
            }
        }
        pending.landed();
        None
    }

    /// Returns the last result that was reported.
    pub fn result(&self) -> Option<ReportedResult> {
        self.pending().result.clone()
    }

    /// Keeps the reason why the last result could not be taken.
    pub fn bad_result(&self, why: String) {
        self.pending().result = Some(Err(why));
    }
}

/// Urgency of the next heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Nothing,
    /// Reports that may wait a moment for others to share their request.
    Something,
    /// Items, or the last reports after the end of the output.
    Urgent,
    /// The output has ended and all reports were taken.
    Finished,
}

#[cfg(test)]
mod tests;
