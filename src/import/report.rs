//! Report of a run: the outcome of each record while the run goes on, and the counts at its end.

use super::{
    assumed::{Assumed, AssumedTotals},
    legacy::Repair,
    reject::{Reason, Reject},
    stop::StopReason,
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::PathBuf,
    sync::Arc,
};

/// Maximum rejects that a report lists; `import_rejects` keeps more.
const MAX_LISTED: usize = 1000;

/// Position of a record in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// The file as a whole, or the text between its records.
    File,
    /// The record's key, in an object by id.
    Key(String),
    /// The record's index in a list, from 0.
    Element(u64),
    /// The line in which the record begins, from 1, if it is a JSON value by itself.
    Line(u64),
}

impl Position {
    /// Maximum characters of a key in reports; no job id is longer.
    const MAX_SHOWN_CHARS: usize = 1000;

    /// Returns the same position, with a long key cut.
    pub(super) fn cut(self) -> Self {
        match self {
            Position::Key(mut key) => {
                if let Some((end, _)) = key.char_indices().nth(Self::MAX_SHOWN_CHARS) {
                    key.truncate(end);
                    key.push('…');
                    key.shrink_to_fit();
                }
                Position::Key(key)
            }
            other => other,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Position::File => Ok(()),
            Position::Key(key) => f.write_str(key),
            Position::Element(n) => write!(f, "[{n}]"),
            Position::Line(n) => write!(f, "line {n}"),
        }
    }
}

/// Result of importing one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordOutcome {
    /// The record became a job; in a dry run, it would have.
    Imported,
    /// A job with the id existed, and received the values that it lacked.
    Merged,
    /// A job with the id existed, and now equals the record.
    Overwritten,
    /// A job with the id existed, and stays unchanged.
    AlreadyThere,
    /// A job with the id was deleted in Callsheet, and stays deleted.
    DeletedHere,
    Rejected(Reject),
}

impl RecordOutcome {
    /// Name of the outcome in reports.
    pub fn name(&self) -> &'static str {
        match self {
            RecordOutcome::Imported => "imported",
            RecordOutcome::Merged => "merged",
            RecordOutcome::Overwritten => "overwritten",
            RecordOutcome::AlreadyThere => "already there",
            RecordOutcome::DeletedHere => "deleted here",
            RecordOutcome::Rejected(_) => "rejected",
        }
    }

    /// Whether anything of the record was imported.
    pub fn came_in(&self) -> bool {
        matches!(
            self,
            RecordOutcome::Imported | RecordOutcome::Merged | RecordOutcome::Overwritten
        )
    }
}

impl fmt::Display for RecordOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            RecordOutcome::Rejected(reject) => write!(f, ": {reject}"),
            _ => Ok(()),
        }
    }
}

/// A record, and the result of importing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub file: Arc<PathBuf>,
    pub at: Position,
    /// The job's id, if it could be read.
    pub id: Option<String>,
    pub kind: RecordOutcome,
    /// Repairs of the record.
    pub repairs: Vec<Repair>,
    /// What the importer took for granted about the record.
    pub assumed: Assumed,
    /// Size of the record's text, in bytes.
    pub bytes: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub found: u64,
    pub imported: u64,
    /// Jobs that existed already, including those that were deleted in Callsheet.
    pub already_there: u64,
    pub merged: u64,
    pub overwritten: u64,
    /// Imported, merged and overwritten records that were repaired.
    pub repaired: u64,
    pub rejected: u64,
    /// Number of rejected records by reason.
    pub reasons: BTreeMap<Reason, u64>,
    /// Number of repaired records by rule.
    pub rules: BTreeMap<&'static str, u64>,
}

impl Counts {
    fn add(&mut self, outcome: &Outcome) {
        self.found += 1;
        match &outcome.kind {
            RecordOutcome::Imported => self.imported += 1,
            RecordOutcome::Merged => self.merged += 1,
            RecordOutcome::Overwritten => self.overwritten += 1,
            RecordOutcome::AlreadyThere | RecordOutcome::DeletedHere => self.already_there += 1,
            RecordOutcome::Rejected(reject) => {
                self.rejected += 1;
                *self.reasons.entry(reject.reason).or_default() += 1;
            }
        }
        if outcome.kind.came_in() && !outcome.repairs.is_empty() {
            self.repaired += 1;
            let rules: BTreeSet<_> = outcome.repairs.iter().map(|repair| repair.rule).collect();
            rules
                .into_iter()
                .for_each(|rule| *self.rules.entry(rule).or_default() += 1);
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
    /// Id of the run in `imports`; a dry run has none.
    pub import_id: Option<String>,
    /// Files in the order in which the user named them.
    pub files: Vec<FileReport>,
    pub total: Counts,
    /// The first 1,000 rejected records.
    pub rejects: Vec<Outcome>,
    /// Reason for an early end; running again imports the rest.
    pub stopped: Option<StopReason>,
    /// Sentences about what the stores did not say and the importer took for granted.
    pub assumed: Vec<String>,
    /// The first records of a dry run by a map, as they would come in.
    pub previews: Vec<Value>,
    pub(super) assumptions: AssumedTotals,
}

impl Report {
    pub(super) fn begin(&mut self, file: Arc<PathBuf>) {
        self.files.push(FileReport {
            file,
            counts: Counts::default(),
        });
    }

    /// Counts the outcome for the file that was begun last.
    pub(super) fn add(&mut self, outcome: Outcome) {
        if let Some(file) = self.files.last_mut() {
            file.counts.add(&outcome);
        }
        self.total.add(&outcome);
        if outcome.kind.came_in() {
            self.assumptions.add(&outcome.assumed);
        }
        if matches!(outcome.kind, RecordOutcome::Rejected(_)) && self.rejects.len() < MAX_LISTED {
            self.rejects.push(outcome);
        }
    }
}
