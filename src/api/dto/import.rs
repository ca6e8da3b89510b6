//! Imports as the API returns them.

use super::{Object as Members, Time, object, same::same};
use entity::{import, import_reject};
use poem_openapi::{Enum, Object};

/// Status of an import.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
pub enum ImportStatus {
    Running,
    Finished,
    Failed,
    Aborted,
}

same!(import::ImportStatus => ImportStatus {
    Running,
    Finished,
    Failed,
    Aborted,
});

/// A run of the importer and its results so far.
#[derive(Debug, Object)]
pub struct Import {
    /// Id of the import.
    pub import_id: String,
    /// Status of the import.
    pub status: ImportStatus,
    /// Files and options of the run.
    pub options: Members,
    /// Records found in the dump.
    pub found: i64,
    /// Records imported as jobs; in a dry run, records that would be.
    pub imported: i64,
    /// Records skipped because their job exists already, or was deleted here.
    pub already_there: i64,
    /// Records that filled in missing fields of an existing job.
    pub merged: i64,
    /// Records that replaced an existing job.
    pub overwritten: i64,
    /// Imported records in which the importer repaired something.
    pub repaired: i64,
    /// Records that the importer refused.
    pub rejected: i64,
    /// Rejected records stored for inspection: the first 10,000, up to 64 MiB in all, and none of
    /// an old run. The others are only counted.
    pub rejects_kept: i64,
    /// Final report: `total` and each of `sources` (the first 1,000) with the counts above,
    /// `rejected_by_reason` and `repaired_by_rule`, and `assumed`: sentences about what the dump
    /// did not say and the importer took for granted. Null while the import runs, and if its
    /// process is gone.
    pub report: Option<Members>,
    /// Error that ended the import early.
    pub error: Option<String>,
    /// Time when the import started.
    pub started_at: Time,
    /// Time when the import ended; null until then.
    pub finished_at: Option<Time>,
}

/// A page of imports, newest first.
#[derive(Debug, Object)]
pub struct ImportList {
    /// Imports of the page.
    pub imports: Vec<Import>,
    /// Whether more follow.
    pub has_more: bool,
    /// Cursor of the next page; null on the last page.
    pub next_cursor: Option<String>,
}

/// A record that an import refused.
#[derive(Debug, Object)]
pub struct ImportReject {
    /// Number of the reject.
    pub reject_id: i64,
    /// File that contains the record.
    pub file: String,
    /// Key or row of the record in the file; null if the whole file was refused.
    pub key: Option<String>,
    /// Stable code of the reason, e.g. `malformed_json`.
    pub reason: String,
    /// Sentence about this record.
    pub detail: String,
    /// Original text of the record, without secrets.
    pub raw: Option<String>,
    /// Time when the record was refused.
    pub created_at: Time,
}

/// A page of rejects, in the order in which the importer found them.
#[derive(Debug, Object)]
pub struct ImportRejectList {
    /// Id of the import.
    pub import_id: String,
    /// Rejects of the page.
    pub rejects: Vec<ImportReject>,
    /// Same as `next_cursor`, for older clients, to send as `after`.
    pub next_after: Option<i64>,
    /// Whether more follow.
    pub has_more: bool,
    /// Cursor of the next page; null on the last page.
    pub next_cursor: Option<String>,
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
