//! Table of the workers that a process remembers, and the notes that a flush takes from it.

use super::{MAX_FLUSH_ROWS, MAX_REMEMBERED};
use crate::db::write::WorkerNote;
use chrono::{DateTime, TimeDelta, Utc};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// Maximum age of the time in the row of a worker while the worker waits for a job.
pub(super) const MAX_ROW_AGE: TimeDelta = TimeDelta::seconds(15);

/// Maximum number of job types in the rows of one flush.
const MAX_FLUSH_TYPES: usize = 10_000;

/// Workers that this process remembers.
#[derive(Default)]
pub(super) struct ActivityTable {
    pub(super) entries: HashMap<Arc<str>, Entry>,
    /// Workers whose calls wait until their rows are written.
    pub(super) urgent: BTreeSet<Arc<str>>,
    /// Number of calls of all workers that wait for a job.
    pub(super) present: usize,
}

/// Activity of a worker.
#[derive(Default)]
pub(super) struct Entry {
    pub(super) note: WorkerNote,
    /// True if there is something to write.
    pub(super) fresh: bool,
    /// Number of calls of the worker that wait for a job: it counts as present while there is one.
    pub(super) present: usize,
    /// Last-seen time in the worker's row.
    pub(super) written: DateTime<Utc>,
}

impl ActivityTable {
    pub(super) fn entry(&mut self, worker_id: &str) -> &mut Entry {
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
pub(super) struct Notes {
    pub(super) list: Vec<WorkerNote>,
    types: usize,
}

impl Notes {
    /// Takes the note of the worker; false if the flush is full.
    pub(super) fn take(&mut self, entry: &mut Entry, now: DateTime<Utc>) -> bool {
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
    pub(super) fn see(&mut self, now: DateTime<Utc>) {
        self.note.seen_at = self.note.seen_at.max(now);
        self.fresh = true;
    }

    pub(super) fn count(&mut self, count: impl Fn(&mut WorkerNote) -> &mut i64, more: usize) {
        *count(&mut self.note) += i64::try_from(more).unwrap_or(i64::MAX);
        self.fresh = true;
    }

    pub(super) fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.fresh || (self.present > 0 && self.written + MAX_ROW_AGE <= now)
    }
}
