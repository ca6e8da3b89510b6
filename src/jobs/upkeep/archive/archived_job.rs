//! get_archived_job and list_archives: reads of the archive.

use super::{object::read_job, store::blocking};
use crate::{
    db::{ArchiveRow, write::ImportedJob},
    error::{Error, Resource, Result},
    jobs::{JobManager, validate},
};
use chrono::{DateTime, Utc};
use entity::archived_job;

/// Job as its object has it.
pub struct ArchivedJob {
    pub record: ImportedJob,
    pub archived_at: DateTime<Utc>,
    pub(in crate::jobs) row: archived_job::Model,
}

impl JobManager {
    /// Returns an archived job.
    ///
    /// Errors: `job_not_found`, `archive_unavailable`, `archive_damaged`.
    pub async fn get_archived_job(&self, id: &str) -> Result<ArchivedJob> {
        validate::may_exist(id, Resource::Job)?;
        let found = self.db.archived_job(id).await?;
        let (row, archive) = found.ok_or(Error::NotFound(Resource::Job))?;
        let store = self.archive_store()?;
        let (at, length) = (row.at.unsigned_abs(), row.length.unsigned_abs());
        let frame = store.read_range(&archive.location, at, length).await?;
        let (id, version) = (row.job_id.clone(), row.version);
        let read = blocking(move || Ok(read_job(&frame, &id, version)));
        let record = read.await?.map_err(|why| {
            Error::ArchiveDamaged(format!("{}, byte {at}: {why}", archive.location))
        })?;
        let is_for_caller = self
            .binding()
            .is_none_or(|binding| binding.holds(&record.job));
        if !is_for_caller {
            return Err(Error::NotFound(Resource::Job));
        }
        Ok(ArchivedJob {
            record,
            archived_at: archive.finished_at.unwrap_or(archive.created_at),
            row,
        })
    }

    /// Returns the result, or `job_archived` if it is that there is no such job but the archive has
    /// it.
    pub(in crate::jobs) async fn or_archived<T>(&self, id: &str, result: Result<T>) -> Result<T> {
        if !matches!(result, Err(Error::NotFound(Resource::Job))) {
            return result;
        }
        if self.db.archived_job(id).await?.is_none() {
            return result;
        }
        // Bound callers learn only of jobs within their binding, which the object knows.
        match self.binding() {
            Some(_) if self.get_archived_job(id).await.is_err() => result,
            _ => Err(Error::JobArchived(id.to_owned())),
        }
    }

    /// Returns a page of the objects, newest first, and the id of its last one if more follow.
    pub async fn list_archives(
        &self,
        after: Option<String>,
        limit: u64,
    ) -> Result<(Vec<ArchiveRow>, Option<String>)> {
        let mut rows = self.db.archives(after.as_deref(), limit + 1).await?;
        let more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more).map(|last| last.row.id.clone());
        Ok((rows, next))
    }
}
