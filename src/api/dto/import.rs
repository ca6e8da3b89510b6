//! Imports as they are given.

use super::{Object as Members, Time, object};
use entity::{import, import_reject};
use poem_openapi::{Enum, Object};

/// Where an import stands.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
pub enum ImportStatus {
    Running,
    Finished,
    Failed,
    Aborted,
}

/// A run of the importer, and what came of it so far.
#[derive(Debug, Object)]
pub struct Import {
    pub import_id: String,
    pub status: ImportStatus,
    /// What it was given: files, and what was asked for.
    pub options: Members,
    /// Records that were met.
    pub found: i64,
    /// Records that are jobs now; of a dry run, that would be.
    pub imported: i64,
    /// Records whose job was there already and stays as it is, or was deleted here.
    pub already_there: i64,
    /// Records that filled what their job lacked.
    pub merged: i64,
    /// Records that took their job's place.
    pub overwritten: i64,
    /// Records that came in, and of which something was put right.
    pub repaired: i64,
    /// Records that could not be taken.
    pub rejected: i64,
    /// Of these, how many are kept to be looked at: the first 10,000, of at most 64 MiB, and none of an old run. The others
    /// are only counted.
    pub rejects_kept: i64,
    /// What it told at its end: `total` and each of `sources` (the first 1,000) with the counts above, `rejected_by_reason` and
    /// `repaired_by_rule`. Null while it runs, and of one whose process is gone.
    pub report: Option<Members>,
    /// Why it did not come to its end.
    pub error: Option<String>,
    pub started_at: Time,
    pub finished_at: Option<Time>,
}

/// A page of imports, newest first.
#[derive(Debug, Object)]
pub struct ImportList {
    pub imports: Vec<Import>,
    /// Names the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// A record that an import did not take.
#[derive(Debug, Object)]
pub struct ImportReject {
    pub reject_id: i64,
    /// File in which the record stands.
    pub file: String,
    /// Its key or row there; null when it is the file as a whole.
    pub key: Option<String>,
    /// A stable word, e.g. `malformed_json`.
    pub reason: String,
    /// A sentence about this record.
    pub detail: String,
    /// The record as it was found, secrets taken out.
    pub raw: Option<String>,
    pub created_at: Time,
}

/// A page of rejects, in the order in which they were met.
#[derive(Debug, Object)]
pub struct ImportRejectList {
    pub import_id: String,
    pub rejects: Vec<ImportReject>,
    /// To be sent as `after` for the next page; null on the last one.
    pub next_after: Option<i64>,
}

impl From<import::ImportStatus> for ImportStatus {
    fn from(status: import::ImportStatus) -> Self {
        match status {
            import::ImportStatus::Running => Self::Running,
            import::ImportStatus::Finished => Self::Finished,
            import::ImportStatus::Failed => Self::Failed,
            import::ImportStatus::Aborted => Self::Aborted,
        }
    }
}

impl From<import::Model> for Import {
    fn from(run: import::Model) -> Self {
        Self {
            import_id: run.id,
            status: run.status.into(),
            options: object(Some(run.options)).unwrap_or_default(),
            found: run.found,
            imported: run.imported,
            already_there: run.already_there,
            merged: run.merged,
            overwritten: run.overwritten,
            repaired: run.repaired,
            rejected: run.rejected,
            rejects_kept: run.rejects_kept,
            report: object(run.report),
            error: run.error,
            started_at: run.started_at.into(),
            finished_at: run.finished_at.map(Into::into),
        }
    }
}

impl From<import_reject::Model> for ImportReject {
    fn from(reject: import_reject::Model) -> Self {
        Self {
            reject_id: reject.id,
            file: reject.file,
            key: reject.key,
            reason: reject.reason,
            detail: reject.detail,
            raw: reject.raw,
            created_at: reject.created_at.into(),
        }
    }
}
