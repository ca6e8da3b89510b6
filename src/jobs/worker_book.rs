//! What this process has heard of workers and has not written down yet. A worker's row is written every few seconds
//! however many calls it makes: if each call wrote it, the calls of one worker would wait for each other.

use crate::db::write::WorkerNote;
use chrono::{DateTime, TimeDelta, Utc};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A worker that says nothing for so long is forgotten here; its row stays longer.
const FORGET: TimeDelta = TimeDelta::hours(1);

#[derive(Clone, Default)]
pub struct WorkerBook(Arc<Mutex<HashMap<String, Entry>>>);

#[derive(Default)]
struct Entry {
    note: WorkerNote,
    /// There is something to write down.
    fresh: bool,
    /// Calls of the worker that wait for a job: it is there while one does.
    present: usize,
}

/// A worker that waits; until it is dropped.
pub struct Present {
    book: WorkerBook,
    worker_id: String,
}

impl WorkerBook {
    /// The worker says who it is. True when that is news, which others should hear of at once.
    pub fn introduce(&self, note: WorkerNote) -> (Present, bool) {
        let present = Present { book: self.clone(), worker_id: note.worker_id.clone() };
        let mut book = self.book();
        let entry = book.entry(note.worker_id.clone()).or_default();
        let said = |note: &WorkerNote| (note.host.clone(), note.version.clone(), note.job_types.clone());
        let new = said(&entry.note) != said(&note) || entry.note.worker_id.is_empty();
        entry.note = WorkerNote {
            claimed: entry.note.claimed,
            completed: entry.note.completed,
            failed: entry.note.failed,
            rescued: entry.note.rescued,
            ..note
        };
        entry.fresh = true;
        entry.present += 1;
        (present, new)
    }

    pub fn claimed(&self, worker_id: &str, jobs: usize) {
        self.book().entry(worker_id.to_owned()).or_default().count(|note| &mut note.claimed, jobs);
    }

    pub fn completed(&self, worker_id: Option<&String>, now: DateTime<Utc>) {
        self.ended(worker_id, now, |note| &mut note.completed);
    }

    pub fn failed(&self, worker_id: Option<&String>, now: DateTime<Utc>) {
        self.ended(worker_id, now, |note| &mut note.failed);
    }

    /// It gave a sign of life.
    pub fn seen(&self, worker_id: Option<&String>, now: DateTime<Utc>) {
        let Some(worker_id) = worker_id else { return };
        let mut book = self.book();
        let entry = book.entry(worker_id.clone()).or_default();
        entry.note.worker_id.clone_from(worker_id);
        entry.note.seen_at = entry.note.seen_at.max(now);
        entry.fresh = true;
    }

    /// A job was taken from it, which is no sign of life.
    pub fn rescued(&self, worker_id: Option<&String>) {
        let Some(worker_id) = worker_id else { return };
        let mut book = self.book();
        let entry = book.entry(worker_id.clone()).or_default();
        entry.note.worker_id.clone_from(worker_id);
        entry.count(|note| &mut note.rescued, 1);
    }

    fn ended(&self, worker_id: Option<&String>, now: DateTime<Utc>, count: impl Fn(&mut WorkerNote) -> &mut i64) {
        self.seen(worker_id, now);
        if let Some(worker_id) = worker_id {
            self.book().entry(worker_id.clone()).or_default().count(count, 1);
        }
    }

    /// What is to be written down, in the order of ids.
    pub fn take(&self, now: DateTime<Utc>) -> Vec<WorkerNote> {
        let mut book = self.book();
        book.retain(|_, entry| entry.fresh || entry.present > 0 || entry.note.seen_at + FORGET > now);
        let mut notes = Vec::new();
        for entry in book.values_mut() {
            if entry.present > 0 {
                entry.note.seen_at = entry.note.seen_at.max(now);
            }
            if std::mem::take(&mut entry.fresh) || entry.present > 0 {
                notes.push(entry.note.clone());
                entry.note.forget_counts();
            }
        }
        notes.sort_by(|a, b| a.worker_id.cmp(&b.worker_id));
        notes
    }

    /// They could not be written down.
    pub fn put_back(&self, notes: Vec<WorkerNote>) {
        let mut book = self.book();
        for note in notes {
            let entry = book.entry(note.worker_id.clone()).or_default();
            entry.fresh = true;
            entry.note.add_counts(&note);
            if entry.note.worker_id.is_empty() {
                entry.note = note;
            }
        }
    }

    fn book(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn count(&mut self, count: impl Fn(&mut WorkerNote) -> &mut i64, more: usize) {
        *count(&mut self.note) += i64::try_from(more).unwrap_or(i64::MAX);
        self.fresh = true;
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        if let Some(entry) = self.book.book().get_mut(&self.worker_id) {
            entry.present = entry.present.saturating_sub(1);
        }
    }
}
