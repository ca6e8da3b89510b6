//! Worker activity that this process has seen and not written yet. The server writes a worker's row
//! every few seconds, however many calls the worker makes: if each call wrote it, the calls of one
//! worker would wait for each other.
//!
//! A call waits at most for the row of its worker. One flush runs at a time; activity that arrives
//! meanwhile goes into the next one.

use crate::db::write::WorkerNote;
use chrono::{DateTime, TimeDelta, Utc};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::OwnedMutexGuard;

/// Time without a call after which this process forgets a worker; its row stays longer.
const FORGET_AFTER: TimeDelta = TimeDelta::hours(1);

/// Maximum age of the time in the row of a worker while the worker waits for a job.
const MAX_ROW_AGE: TimeDelta = TimeDelta::seconds(15);

/// Maximum number of remembered workers, besides those that wait for a job. A client may name
/// another worker with each call.
pub const MAX_REMEMBERED: usize = 10_000;

/// Maximum number of rows per flush: other writes run between two flushes.
pub const MAX_FLUSH_ROWS: usize = 500;
/// Maximum number of job types in the rows of one flush.
const MAX_FLUSH_TYPES: usize = 10_000;

#[derive(Clone, Default)]
pub struct WorkerActivity {
    book: Arc<Mutex<ActivityTable>>,
    flush: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct ActivityTable {
    entries: HashMap<Arc<str>, Entry>,
    /// Workers whose calls wait until their rows are written.
    urgent: BTreeSet<Arc<str>>,
    /// Number of calls of all workers that wait for a job.
    present: usize,
}

#[derive(Default)]
struct Entry {
    note: WorkerNote,
    /// True if there is something to write.
    fresh: bool,
    /// Number of calls of the worker that wait for a job: it counts as present while there is one.
    present: usize,
    /// Last-seen time in the worker's row.
    written: DateTime<Utc>,
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

impl ActivityTable {
    fn entry(&mut self, worker_id: &str) -> &mut Entry {
        if self.entries.len() >= MAX_REMEMBERED + self.present
            && !self.entries.contains_key(worker_id)
        {
            self.evict();
        }
        let worker_id: Arc<str> = worker_id.into();
        self.entries
            .entry(worker_id.clone())
            .or_insert_with(|| Entry {
                note: WorkerNote {
                    worker_id,
                    ..WorkerNote::default()
                },
                ..Entry::default()
            })
    }

    /// Forgets half of the workers that do not wait, first those with nothing to write. Counts that
    /// could not be written until then are lost with them.
    fn evict(&mut self) {
        for written_only in [true, false] {
            let absent = self
                .entries
                .values()
                .filter(|entry| entry.present == 0)
                .count();
            let mut surplus = absent.saturating_sub(MAX_REMEMBERED / 2);
            self.entries.retain(|_, entry| {
                let goes = surplus > 0 && entry.present == 0 && !(written_only && entry.fresh);
                surplus -= usize::from(goes);
                !goes
            });
        }
        let entries = &self.entries;
        self.urgent
            .retain(|worker_id| entries.contains_key(worker_id));
    }
}

/// Notes that one flush writes.
#[derive(Default)]
struct Notes {
    list: Vec<WorkerNote>,
    types: usize,
}

impl Notes {
    /// Takes the note of the worker; false if the flush is full.
    fn take(&mut self, entry: &mut Entry, now: DateTime<Utc>) -> bool {
        let types = entry.note.job_types.as_ref().map_or(0, |types| types.len());
        if self.list.len() >= MAX_FLUSH_ROWS || self.types + types > MAX_FLUSH_TYPES {
            return false;
        }
        self.types += types;
        if entry.present > 0 {
            entry.note.seen_at = entry.note.seen_at.max(now);
        }
        entry.fresh = false;
        entry.written = entry.note.seen_at;
        self.list.push(entry.note.clone());
        entry.note.forget_counts();
        true
    }
}

impl Entry {
    fn see(&mut self, now: DateTime<Utc>) {
        self.note.seen_at = self.note.seen_at.max(now);
        self.fresh = true;
    }

    fn count(&mut self, count: impl Fn(&mut WorkerNote) -> &mut i64, more: usize) {
        *count(&mut self.note) += i64::try_from(more).unwrap_or(i64::MAX);
        self.fresh = true;
    }

    fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.fresh || (self.present > 0 && self.written + MAX_ROW_AGE <= now)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn note(worker_id: &str) -> WorkerNote {
        WorkerNote {
            worker_id: worker_id.into(),
            job_types: Some(["t".to_owned()].into()),
            ..WorkerNote::default()
        }
    }

    async fn taken(book: &WorkerActivity, now: DateTime<Utc>) -> Vec<WorkerNote> {
        let turn = book.flush_turn().await;
        book.take(&turn, now)
    }

    #[tokio::test]
    async fn a_client_that_names_another_worker_with_each_call_does_not_fill_the_memory() {
        let book = WorkerActivity::default();
        let (waits, _) = book.introduce(note("waits"));
        for n in 0..50_000 {
            drop(book.introduce(note(&n.to_string())));
        }
        let inside = book.book();
        assert!(
            inside.entries.len() <= MAX_REMEMBERED + 1 && inside.urgent.len() <= MAX_REMEMBERED + 1
        );
        assert!(
            inside.entries.contains_key("waits"),
            "who waits is remembered"
        );
        drop(inside);
        drop(waits);
        assert_eq!(book.book().present, 0);
    }

    #[tokio::test]
    async fn one_flush_is_bounded_and_all_together_have_everything() {
        let (book, now) = (WorkerActivity::default(), DateTime::UNIX_EPOCH);
        for n in 0..1200 {
            drop(book.introduce(note(&n.to_string())));
        }
        let mut sizes = Vec::new();
        for _ in 0..4 {
            sizes.push(taken(&book, now).await.len());
        }
        assert_eq!(sizes, [MAX_FLUSH_ROWS, MAX_FLUSH_ROWS, 200, 0]);
        assert!(book.book().urgent.is_empty());
    }

    #[tokio::test]
    async fn who_waits_is_written_now_and_then_and_nobody_else_with_it() {
        let (book, now) = (WorkerActivity::default(), DateTime::UNIX_EPOCH);
        let _waits = book.introduce(note("waits"));
        assert_eq!(taken(&book, now).await.len(), 1);
        let (_other, urgent) = book.introduce(note("other"));
        assert!(urgent);
        let turn = book.flush_turn().await;
        let written: Vec<_> = book
            .take_urgent(&turn, now)
            .into_iter()
            .map(|note| note.worker_id)
            .collect();
        assert_eq!(written, [Arc::<str>::from("other")]);
        drop(turn);
        assert_eq!(taken(&book, now + MAX_ROW_AGE / 2).await.len(), 0);
        let later = taken(&book, now + MAX_ROW_AGE).await;
        assert_eq!(
            later.iter().map(|note| note.seen_at).collect::<Vec<_>>(),
            [now + MAX_ROW_AGE; 2]
        );
    }

    #[tokio::test]
    async fn counts_that_could_not_be_written_are_written_with_the_next() {
        let (book, now) = (WorkerActivity::default(), DateTime::UNIX_EPOCH);
        book.claimed("w", 2);
        let lost = taken(&book, now).await;
        book.claimed("w", 1);
        book.put_back(lost);
        assert_eq!(taken(&book, now).await[0].claimed, 3);
    }
}
