//! Retention and archives in requests and responses.

use super::{JobStatus, Time, given, same::same};
use crate::{
    db::ArchiveRow,
    error::{Error, FieldError},
    jobs::{self, Keep},
    lifecycle::OwnKeepRule,
};
use poem_openapi::{Enum, Object, types::MaybeUndefined};

/// What becomes of jobs that were kept long enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum RetentionThen {
    /// The jobs are deleted.
    Delete,
    /// The jobs go into the archive.
    Archive,
}

same!(jobs::Then => RetentionThen { Delete, Archive });

/// How long the jobs of a queue are kept after their end. A missing field keeps its value; null
/// sets the default of the server. A value is a duration such as `90m`, `12h` or `30d`, `0` to keep
/// nothing, or `forever`.
#[derive(Debug, Default, Object)]
#[oai(deny_unknown_fields)]
pub struct SetKeep {
    /// Time for which completed jobs are kept.
    #[oai(validator(max_length = 20))]
    pub completed: MaybeUndefined<String>,
    /// Time for which failed jobs are kept.
    #[oai(validator(max_length = 20))]
    pub failed: MaybeUndefined<String>,
    /// Time for which cancelled jobs are kept.
    #[oai(validator(max_length = 20))]
    pub cancelled: MaybeUndefined<String>,
}

/// Returns the parts of the rule that a request changes.
///
/// Errors: `invalid_request`.
pub fn keep_patch(
    keep: Option<SetKeep>,
    then: MaybeUndefined<String>,
    media: MaybeUndefined<bool>,
) -> Result<jobs::KeepPatch, Error> {
    let keep = keep.unwrap_or_default();
    let mut errors = Vec::new();
    let mut read = |name: &str, value: MaybeUndefined<String>| {
        let text = given(value)?;
        let Some(text) = text else {
            return Some(None);
        };
        match Keep::parse(&text) {
            Ok(keep) => Some(Some(keep)),
            Err(detail) => {
                let pointer = format!("/keep/{name}");
                errors.push(FieldError::at(pointer, "invalid_duration", detail));
                None
            }
        }
    };
    let mut patch = jobs::KeepPatch {
        completed: read("completed", keep.completed),
        failed: read("failed", keep.failed),
        cancelled: read("cancelled", keep.cancelled),
        then: None,
        media: given(media),
    };
    patch.then = given(then).map(|name| {
        let name = name?;
        let known = jobs::Then::named(&name);
        if known.is_none() {
            let detail = "Use delete or archive, or null for the default of the server.";
            errors.push(FieldError::at("/then", "unknown_value", detail));
        }
        known
    });
    if errors.is_empty() {
        Ok(patch)
    } else {
        Err(Error::Invalid(errors))
    }
}

/// How long the jobs of a queue are kept after their end, as far as the queue has a rule of its
/// own.
#[derive(Debug, Object)]
pub struct QueueKeep {
    /// Time for which completed jobs are kept; null for the default of the server.
    completed: Option<String>,
    /// Time for which failed jobs are kept; null for the default of the server.
    failed: Option<String>,
    /// Time for which cancelled jobs are kept; null for the default of the server.
    cancelled: Option<String>,
}

impl From<OwnKeepRule> for QueueKeep {
    fn from(own: OwnKeepRule) -> Self {
        let text = |keep: Option<Keep>| keep.map(|keep| keep.to_string());
        Self {
            completed: text(own.completed),
            failed: text(own.failed),
            cancelled: text(own.cancelled),
        }
    }
}

/// Rule of retention of a job type.
#[derive(Debug, Object)]
pub struct RetentionRule {
    /// Type of the jobs; null for the default of the server.
    job_type: Option<String>,
    /// Time for which completed jobs are kept, such as `30d`, or `forever`.
    completed: String,
    /// Time for which failed jobs are kept.
    failed: String,
    /// Time for which cancelled jobs are kept.
    cancelled: String,
    /// What becomes of them then.
    then: RetentionThen,
    /// Whether files in the media folder stay when a job is deleted.
    keep_media: bool,
}

impl RetentionRule {
    fn new(job_type: Option<String>, rule: jobs::KeepRule) -> Self {
        Self {
            job_type,
            completed: rule.completed.to_string(),
            failed: rule.failed.to_string(),
            cancelled: rule.cancelled.to_string(),
            then: rule.then.into(),
            keep_media: !rule.removes_media,
        }
    }
}

/// Number of jobs of a status and a type that ended in a month.
#[derive(Debug, Object)]
pub struct RetentionCount {
    /// What would become of the jobs.
    then: RetentionThen,
    /// Status of the jobs.
    status: JobStatus,
    /// Type of the jobs.
    job_type: String,
    /// Year and month in which the jobs ended, such as `2026-01`, in UTC.
    month: String,
    /// Number of jobs.
    jobs: u64,
}

/// Jobs that retention would remove now, and the rules that say so.
#[derive(Debug, Object)]
pub struct RetentionPreview {
    /// Rule of each queue that has one, behind the default of the server.
    rules: Vec<RetentionRule>,
    /// Number of jobs that would be deleted.
    would_delete: u64,
    /// Number of jobs that would be archived.
    would_archive: u64,
    /// Whether the server has an archive. Without one, jobs that are to be archived stay.
    has_archive: bool,
    /// The jobs by status, type and month.
    counts: Vec<RetentionCount>,
}

impl From<jobs::RetentionPreview> for RetentionPreview {
    fn from(preview: jobs::RetentionPreview) -> Self {
        let (would_delete, would_archive) = (
            preview.jobs(jobs::Then::Delete),
            preview.jobs(jobs::Then::Archive),
        );
        let default = RetentionRule::new(None, preview.rules.default);
        let by_type = preview.rules.by_type.into_iter();
        let by_type = by_type.map(|(name, rule)| RetentionRule::new(Some(name), rule));
        Self {
            rules: [default].into_iter().chain(by_type).collect(),
            would_delete,
            would_archive,
            has_archive: preview.has_archive,
            counts: preview.counts.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<jobs::RetentionCount> for RetentionCount {
    fn from(count: jobs::RetentionCount) -> Self {
        Self {
            then: count.then.into(),
            status: count.status.into(),
            job_type: count.job_type,
            month: count.month,
            jobs: count.jobs,
        }
    }
}

/// An object of the archive, with the jobs of one run.
#[derive(Debug, Object)]
pub struct Archive {
    /// Id of the archive.
    archive_id: String,
    /// Path of the object in the archive's folder.
    location: String,
    /// Number of jobs that were archived in it.
    jobs: u64,
    /// Number of them that were not restored.
    archived: u64,
    /// Size of the object in bytes.
    bytes: u64,
    /// SHA-256 of the object, in hexadecimal.
    sha256: String,
    /// Time when the jobs left the database.
    archived_at: Time,
}

impl From<ArchiveRow> for Archive {
    fn from(archive: ArchiveRow) -> Self {
        let row = archive.row;
        Self {
            archive_id: row.id,
            location: row.location,
            jobs: row.jobs.unsigned_abs(),
            archived: archive.archived,
            bytes: row.bytes.unsigned_abs(),
            sha256: row.sha256.unwrap_or_default(),
            archived_at: row.finished_at.unwrap_or(row.created_at).into(),
        }
    }
}

/// A page of archives, newest first.
#[derive(Debug, Object)]
pub struct ArchiveList {
    /// Archives of the page.
    pub archives: Vec<Archive>,
    /// Whether more archives follow.
    pub has_more: bool,
    /// Cursor of the next page; null on the last page.
    pub next_cursor: Option<String>,
}
