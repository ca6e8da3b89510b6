//! Counts of the events in a time bucket.

use super::{EventKind, Histogram};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub created: i64,
    pub started: i64,
    pub completed: i64,
    /// Failed with no further attempt.
    pub failed: i64,
    pub cancelled: i64,
    /// Returned to the queue: after a failed attempt, after a rescue, or on request.
    pub retried: i64,
    /// Seconds from the due time to the start of started jobs.
    pub waits: Histogram,
    /// Seconds that completed and failed jobs ran.
    pub runs: Histogram,
}

impl Tally {
    /// Kinds of events that count.
    pub const KINDS: [EventKind; 9] = [
        EventKind::Created,
        EventKind::Started,
        EventKind::Completed,
        EventKind::Failed,
        EventKind::Cancelled,
        EventKind::Retried,
        EventKind::RetryScheduled,
        EventKind::Recovered,
        EventKind::Rescued,
    ];

    /// Counts an event. `seconds` is the duration of the status that the event ended.
    pub fn add(&mut self, kind: &str, seconds: Option<f64>) {
        let Some(kind) = Self::KINDS.into_iter().find(|known| known.as_str() == kind) else {
            return;
        };
        match kind {
            EventKind::Created => self.created = self.created.saturating_add(1),
            EventKind::Started => self.started = self.started.saturating_add(1),
            EventKind::Completed => self.completed = self.completed.saturating_add(1),
            EventKind::Failed => self.failed = self.failed.saturating_add(1),
            EventKind::Cancelled => self.cancelled = self.cancelled.saturating_add(1),
            _ => self.retried = self.retried.saturating_add(1),
        }
        match (kind, seconds) {
            (EventKind::Started, Some(seconds)) => self.waits.add(seconds),
            (EventKind::Completed | EventKind::Failed, Some(seconds)) => self.runs.add(seconds),
            _ => {}
        }
    }

    pub fn merge(&mut self, other: &Self) {
        self.created = self.created.saturating_add(other.created);
        self.started = self.started.saturating_add(other.started);
        self.completed = self.completed.saturating_add(other.completed);
        self.failed = self.failed.saturating_add(other.failed);
        self.cancelled = self.cancelled.saturating_add(other.cancelled);
        self.retried = self.retried.saturating_add(other.retried);
        self.waits.merge(&other.waits);
        self.runs.merge(&other.runs);
    }
}
