//! What a run tells: the outcome of each record while it goes on, and the counts at the end.

use super::{
    kept::Repair,
    reject::{Reason, Reject},
    stop::StopReason,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::PathBuf,
    sync::Arc,
};

/// Rejects that a report lists; all of them are in `import_rejects`.
const LISTED: usize = 1000;

/// Where in its file a record stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// The file as a whole, or what stands between its records.
    File,
    /// Under this key of an object by id.
    Key(String),
    /// This element of a list, from 0.
    Element(u64),
    /// The record is a JSON value of its own, beginning in this line, from 1.
    Line(u64),
}

impl At {
    /// Characters of a key that are shown: what is longer is the id of no job.
    const SHOWN: usize = 1000;

    /// The same place, with a long key cut.
    pub(super) fn cut(self) -> Self {
        match self {
            At::Key(mut key) => {
                if let Some((end, _)) = key.char_indices().nth(Self::SHOWN) {
                    key.truncate(end);
                    key.push('…');
                    key.shrink_to_fit();
                }
                At::Key(key)
            }
            other => other,
        }
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            At::File => Ok(()),
            At::Key(key) => f.write_str(key),
            At::Element(n) => write!(f, "[{n}]"),
            At::Line(n) => write!(f, "line {n}"),
        }
    }
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is a job now; in a dry run, it would be.
    Imported,
    /// A job with its id was there, and got what it lacked.
    Merged,
    /// A job with its id was there, and is now as the record says.
    Overwritten,
    /// A job with its id is there and was left as it is.
    AlreadyThere,
    /// A job with its id was deleted in Callsheet, and stays deleted.
    DeletedHere,
    Rejected(Reject),
}

impl Fate {
    /// In a word.
    pub fn name(&self) -> &'static str {
        match self {
            Fate::Imported => "imported",
            Fate::Merged => "merged",
            Fate::Overwritten => "overwritten",
            Fate::AlreadyThere => "already there",
            Fate::DeletedHere => "deleted here",
            Fate::Rejected(_) => "rejected",
        }
    }

    /// Whether something of the record was taken.
    pub fn came_in(&self) -> bool {
        matches!(self, Fate::Imported | Fate::Merged | Fate::Overwritten)
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Fate::Rejected(reject) => write!(f, ": {reject}"),
            _ => Ok(()),
        }
    }
}

/// A record and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub file: Arc<PathBuf>,
    pub at: At,
    /// The job's id, when one could be read.
    pub id: Option<String>,
    pub fate: Fate,
    /// What was put right in it.
    pub repairs: Vec<Repair>,
    /// Size of the record's text.
    pub bytes: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub found: u64,
    pub imported: u64,
    /// Known before, those that were deleted here included.
    pub already_there: u64,
    pub merged: u64,
    pub overwritten: u64,
    /// Of those that came in, the ones in which something was put right.
    pub repaired: u64,
    pub rejected: u64,
    /// The rejected ones by reason.
    pub reasons: BTreeMap<Reason, u64>,
    /// The repaired ones by rule.
    pub rules: BTreeMap<&'static str, u64>,
}

impl Counts {
    fn add(&mut self, outcome: &Outcome) {
        self.found += 1;
        match &outcome.fate {
            Fate::Imported => self.imported += 1,
            Fate::Merged => self.merged += 1,
            Fate::Overwritten => self.overwritten += 1,
            Fate::AlreadyThere | Fate::DeletedHere => self.already_there += 1,
            Fate::Rejected(reject) => {
                self.rejected += 1;
                *self.reasons.entry(reject.reason).or_default() += 1;
            }
        }
        if outcome.fate.came_in() && !outcome.repairs.is_empty() {
            self.repaired += 1;
            let rules: BTreeSet<_> = outcome.repairs.iter().map(|repair| repair.rule).collect();
            rules.into_iter().for_each(|rule| *self.rules.entry(rule).or_default() += 1);
        }
    }
}

#[derive(Clone, Debug)]
pub struct FileReport {
    pub file: Arc<PathBuf>,
    pub counts: Counts,
}

#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The run's id in `imports`; a dry run has none.
    pub import_id: Option<String>,
    /// In the order in which they were given.
    pub files: Vec<FileReport>,
    pub total: Counts,
    /// The first 1,000 rejected records.
    pub rejects: Vec<Outcome>,
    /// Why it ended before its end; running again does the rest.
    pub stopped: Option<StopReason>,
}

impl Report {
    pub(super) fn begin(&mut self, file: Arc<PathBuf>) {
        self.files.push(FileReport { file, counts: Counts::default() });
    }

    /// Counts the outcome for the file that was begun last.
    pub(super) fn add(&mut self, outcome: Outcome) {
        if let Some(file) = self.files.last_mut() {
            file.counts.add(&outcome);
        }
        self.total.add(&outcome);
        if matches!(outcome.fate, Fate::Rejected(_)) && self.rejects.len() < LISTED {
            self.rejects.push(outcome);
        }
    }
}
