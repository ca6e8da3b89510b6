//! Report as a file, for scripts and for sign-off. It lists every reject and repair, written while
//! the run goes on, and ends with the counts. The file gets its name only once it is complete.

use super::{Counts, ImportError, Outcome, RecordOutcome, Report, report::Position, rules};
use crate::atomic_file::AtomicFile;
use serde_json::{Value, json};
use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

pub struct ReportFile {
    path: PathBuf,
    whole: AtomicFile,
    out: BufWriter<File>,
    first: bool,
}

impl ReportFile {
    pub fn begin(path: &Path, options: &Value) -> Result<Self, ImportError> {
        let failed = |source| ImportError::Report {
            path: path.to_owned(),
            source,
        };
        let (whole, file) = AtomicFile::create(path).map_err(failed)?;
        let mut out = BufWriter::new(file);
        write!(out, "{{\"options\": {options},\n\"records\": [").map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            whole,
            out,
            first: true,
        })
    }

    /// Writes the record, if it was rejected, or imported with repairs.
    pub fn add(&mut self, outcome: &Outcome) -> Result<(), ImportError> {
        let rejected = matches!(outcome.kind, RecordOutcome::Rejected(_));
        if !rejected && (outcome.repairs.is_empty() || !outcome.kind.came_in()) {
            return Ok(());
        }
        let separator = if std::mem::take(&mut self.first) {
            "\n"
        } else {
            ",\n"
        };
        let written = write!(self.out, "{separator}{}", entry(outcome));
        self.checked(written)
    }

    /// Writes the counts and the meanings of the rules, and gives the file its name.
    pub fn end(mut self, report: &Report) -> Result<(), ImportError> {
        let (id, stopped) = (json!(report.import_id), report.stopped.is_some());
        let Sums { sources, total } = sums(report);
        let assumed = json!(report.assumed);
        let rules: Value = report
            .total
            .rules
            .keys()
            .map(|rule| ((*rule).to_owned(), json!(rules::meaning(rule))))
            .collect();
        let end = write!(
            self.out,
            "\n],\n\"sources\": {sources},\n\"total\": {total},\n\"assumed\": \
            {assumed},\n\"rules\": {rules},\n\"import_id\": {id},\n\"stopped\": {stopped}}}\n"
        );
        let Self {
            path,
            whole,
            mut out,
            ..
        } = self;
        let named = end
            .and_then(|()| out.flush())
            .and_then(|()| whole.finish(out.get_ref()));
        named.map_err(|source| ImportError::Report { path, source })
    }

    fn checked(&self, written: io::Result<()>) -> Result<(), ImportError> {
        written.map_err(|source| ImportError::Report {
            path: self.path.clone(),
            source,
        })
    }
}

fn entry(outcome: &Outcome) -> Value {
    let mut entry = json!({
        "file": outcome.file.display().to_string(),
        "at": Some(&outcome.at).filter(|at| **at != Position::File).map(Position::to_string),
        "job_id": outcome.id,
        "outcome": outcome.kind.name(),
    });
    match &outcome.kind {
        RecordOutcome::Rejected(reject) => {
            entry["reason"] = reject.reason.as_str().into();
            entry["detail"] = reject.detail.clone().into();
        }
        _ => {
            let repairs = outcome
                .repairs
                .iter()
                .map(|repair| json!({"field": repair.field, "rule": repair.rule}));
            entry["repairs"] = repairs.collect();
        }
    }
    entry
}

pub struct Sums {
    pub sources: Value,
    pub total: Value,
}

/// Counts of each source, and of all together.
pub fn sums(report: &Report) -> Sums {
    let sources = report.files.iter().map(|file| {
        let mut counts = counts(&file.counts);
        counts["source"] = file
            .file
            .display()
            .to_string()
            .replace('\0', "\u{fffd}")
            .into();
        counts
    });
    Sums {
        sources: sources.collect(),
        total: counts(&report.total),
    }
}

/// Counts under the names of the columns of `imports`.
fn counts(counts: &Counts) -> Value {
    let reasons: Value = counts
        .reasons
        .iter()
        .map(|(reason, n)| (reason.as_str().to_owned(), json!(n)))
        .collect();
    json!({
        "found": counts.found,
        "imported": counts.imported,
        "already_there": counts.already_there,
        "merged": counts.merged,
        "overwritten": counts.overwritten,
        "repaired": counts.repaired,
        "rejected": counts.rejected,
        "rejected_by_reason": reasons,
        "repaired_by_rule": counts.rules,
    })
}
