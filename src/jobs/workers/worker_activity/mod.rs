//! Worker activity that this process has seen and not written yet. The server writes a worker's row
//! every few seconds, however many calls the worker makes: if each call wrote it, the calls of one
//! worker would wait for each other.
//!
//! A call waits at most for the row of its worker. One flush runs at a time; activity that arrives
//! meanwhile goes into the next one.

mod table;
#[cfg(test)]
mod tests;

use crate::db::write::WorkerNote;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use table::{ActivityTable, Notes};
use tokio::sync::OwnedMutexGuard;

/// Time without a call after which this process forgets a worker; its row stays longer.
const FORGET_AFTER: TimeDelta = TimeDelta::hours(1);

/// Maximum number of remembered workers, besides those that wait for a job. A client may name
/// another worker with each call.
pub const MAX_REMEMBERED: usize = 10_000;

/// Maximum number of rows per flush: other writes run between two flushes.
pub const MAX_FLUSH_ROWS: usize = 500;

/// Activity of all workers, shared by the calls of this process.
#[derive(Clone, Default)]
pub struct WorkerActivity {
    book: Arc<Mutex<ActivityTable>>,
    flush: Arc<tokio::sync::Mutex<()>>,
}

/// Guard of a worker that waits: it counts as present until this is dropped.
pub struct PresenceGuard {
    book: WorkerActivity,
    worker_id: Arc<str>,
}

/// Permit to write worker rows: one flush runs at a time.
pub struct FlushTurn {
    _held: OwnedMutexGuard<()>,
}

impl WorkerActivity {
    /// Records that the worker asks for jobs. Returns true if its row has to be written at once, so
    /// that other servers list it.
    pub fn introduce(&self, note: WorkerNote) -> (PresenceGuard, bool) {
        let mut book = self.book();
        let entry = book.entry(&note.worker_id);
        let urgent = !entry.note.says_the_same(&note);
        entry.note = WorkerNote {
            claimed: entry.note.claimed,
            completed: entry.note.completed,
            failed: entry.note.failed,
            rescued: entry.note.rescued,
            ..note
        };
        entry.fresh = true;
        entry.present += 1;
        let worker_id = entry.note.worker_id.clone();
        book.present += 1;
        if urgent {
            book.urgent.insert(worker_id.clone());
        }
        drop(book);
        (
            PresenceGuard {
                book: self.clone(),
                worker_id,
            },
            urgent,
        )
    }

    pub fn claimed(&self, worker_id: &str, jobs: usize) {
        self.book()
            .entry(worker_id)
            .count(|note| &mut note.claimed, jobs);
    }

    pub fn completed(&self, worker_id: Option<&String>, now: DateTime<Utc>) {
        self.ended(worker_id, now, |note| &mut note.completed);
    }

    pub fn failed(&self, worker_id: Option<&String>, now: DateTime<Utc>) {
        self.ended(worker_id, now, |note| &mut note.failed);
    }

    /// Records a sign of life of the worker.
    pub fn seen(&self, worker_id: Option<&String>, now: DateTime<Utc>) {
        if let Some(worker_id) = worker_id {
            self.book().entry(worker_id).see(now);
        }
    }

    /// Records that a job was taken from the worker, which is no sign of life.
    pub fn rescued(&self, worker_id: Option<&String>) {
        if let Some(worker_id) = worker_id {
            self.book()
                .entry(worker_id)
                .count(|note| &mut note.rescued, 1);
        }
    }

    fn ended(
        &self,
        worker_id: Option<&String>,
        now: DateTime<Utc>,
        count: impl Fn(&mut WorkerNote) -> &mut i64,
    ) {
        let Some(worker_id) = worker_id else { return };
        let mut book = self.book();
        let entry = book.entry(worker_id);
        entry.see(now);
        entry.count(count, 1);
    }

    /// Waits until no other flush runs. Cancel safe.
    pub async fn flush_turn(&self) -> FlushTurn {
        FlushTurn {
            _held: self.flush.clone().lock_owned().await,
        }
    }

    /// Returns whether the row of the worker still has to be written at once.
    pub fn is_urgent(&self, worker_id: &str) -> bool {
        self.book().urgent.contains(worker_id)
    }

    /// Takes the notes of workers whose calls wait for the write, ordered by id.
    pub fn take_urgent(&self, _: &FlushTurn, now: DateTime<Utc>) -> Vec<WorkerNote> {
        let mut book = self.book();
        let mut notes = Notes::default();
        while let Some(worker_id) = book.urgent.pop_first() {
            let Some(entry) = book.entries.get_mut(&worker_id) else {
                continue;
            };
            if !notes.take(entry, now) {
                book.urgent.insert(worker_id);
                break;
            }
        }
        notes.list
    }

    /// Takes the notes that are due, ordered by id: at most [`MAX_FLUSH_ROWS`].
    pub fn take(&self, _: &FlushTurn, now: DateTime<Utc>) -> Vec<WorkerNote> {
        let mut book = self.book();
        let ActivityTable {
            entries, urgent, ..
        } = &mut *book;
        entries.retain(|_, entry| {
            entry.is_due(now) || entry.present > 0 || entry.note.seen_at + FORGET_AFTER > now
        });
        let mut notes = Notes::default();
        for (worker_id, entry) in entries.iter_mut().filter(|(_, entry)| entry.is_due(now)) {
            if !notes.take(entry, now) {
                break;
            }
            urgent.remove(worker_id);
        }
        notes.list.sort_by(|a, b| a.worker_id.cmp(&b.worker_id));
        notes.list
    }

    /// Puts back notes that could not be written.
    pub fn put_back(&self, notes: Vec<WorkerNote>) {
        let mut book = self.book();
        for note in notes {
            let entry = book.entry(&note.worker_id);
            entry.fresh = true;
            entry.note.add_counts(&note);
            entry.note.seen_at = entry.note.seen_at.max(note.seen_at);
            if entry.note.job_types.is_none() {
                let WorkerNote {
                    host,
                    version,
                    job_types,
                    ..
                } = note;
                entry.note = WorkerNote {
                    host,
                    version,
                    job_types,
                    ..std::mem::take(&mut entry.note)
                };
            }
        }
    }

    /// Returns when this process last heard from the worker: now if the worker waits for a job.
    pub fn last_seen(&self, worker_id: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let book = self.book();
        let entry = book.entries.get(worker_id)?;
        Some(if entry.present > 0 {
            now
        } else {
            entry.note.seen_at
        })
    }

    fn book(&self) -> MutexGuard<'_, ActivityTable> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for PresenceGuard {
    fn drop(&mut self) {
        let mut book = self.book.book();
        book.present = book.present.saturating_sub(1);
        if let Some(entry) = book.entries.get_mut(&self.worker_id) {
            entry.present = entry.present.saturating_sub(1);
        }
    }
}
