//! What happened in a span of time, counted from events.

use super::{EventKind, Histogram};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub created: i64,
    pub started: i64,
    pub completed: i64,
    /// For good.
    pub failed: i64,
    pub cancelled: i64,
    /// Back in the queue: after a failed attempt, after a worker that is gone, or because someone wanted it.
    pub retried: i64,
    /// Seconds that started jobs had been due.
    pub waits: Histogram,
    /// Seconds that completed and failed jobs had run.
    pub runs: Histogram,
}

impl Tally {
    /// The kinds of events that count.
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

    /// `seconds` is how long the status lasted that the event ended.
    pub fn add(&mut self, kind: &str, seconds: Option<f64>) {
        let Some(kind) = Self::KINDS.into_iter().find(|known| known.as_str() == kind) else { return };
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
