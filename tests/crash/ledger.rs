//! The account of one client: its calls, and what their answers promise.

use super::{
    entry::Entry,
    imports::Dump,
    series::Series,
    shared::{Created, Seen},
};
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Default)]
pub struct Ledger {
    pub calls: Calls,
    /// Jobs that only this client changes, as they have to be.
    pub entries: Vec<Entry>,
    /// Its deleted jobs.
    pub deleted: BTreeMap<String, Deleted>,
    /// Jobs of which a fault was reported: nothing more is expected of them.
    pub suspects: Vec<String>,
    /// Creates of jobs that all clients change, and the answered changes.
    pub created: Vec<Created>,
    pub seen: Vec<Seen>,
    pub dumps: Vec<Dump>,
    pub series: Vec<Series>,
    /// Answer to `GET /jobs/counts` when all clients had ended.
    pub counts: Option<Value>,
    pub faults: Vec<Fault>,
}

/// The last event of a job that is gone.
pub struct Deleted {
    pub seq: i64,
    /// Its lease may have ended before, which is a step of its own.
    pub leased: bool,
}

/// Numbers of calls.
#[derive(Clone, Default)]
pub struct Calls {
    /// Answered calls that changed something, by kind.
    pub answered: BTreeMap<&'static str, usize>,
    /// Answers that another status of the job was the reason of.
    pub refused: usize,
    /// Calls without an answer, or whose answer was that the database is away: either outcome is
    /// right.
    pub unanswered: usize,
    /// Calls that were sent again because the first time was not answered, or as if it had not
    /// been.
    pub repeated: usize,
}

/// A sentence about something that must not be.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// An answered call is not in the database as it was answered.
    Lost(String),
    /// One call had its effect twice.
    Double(String),
    /// Half of a call, numbers that do not agree, or an effect that no call had.
    Wrong(String),
}

impl Deleted {
    pub fn of(entry: &Entry) -> Self {
        Self {
            seq: entry.version() + 1,
            leased: entry.is_leased(),
        }
    }
}

impl Calls {
    pub fn total(&self) -> usize {
        self.answered.values().sum()
    }

    pub fn add(&mut self, other: Self) {
        for (kind, calls) in other.answered {
            *self.answered.entry(kind).or_default() += calls;
        }
        self.refused += other.refused;
        self.unanswered += other.unanswered;
        self.repeated += other.repeated;
    }
}

impl Ledger {
    /// One ledger of several clients.
    pub fn together(ledgers: Vec<Self>) -> Self {
        ledgers.into_iter().fold(Self::default(), |mut all, one| {
            all.calls.add(one.calls);
            all.entries.extend(one.entries);
            all.deleted.extend(one.deleted);
            all.suspects.extend(one.suspects);
            all.created.extend(one.created);
            all.seen.extend(one.seen);
            all.dumps.extend(one.dumps);
            all.series.extend(one.series);
            all.faults.extend(one.faults);
            all
        })
    }
}
