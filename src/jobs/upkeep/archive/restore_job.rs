//! restore_job: puts an archived job back into the database.

use crate::{
    db::write::RestoreArchived,
    error::{Error, Resource, Result},
    jobs::JobManager,
};
use entity::job;

impl JobManager {
    /// Puts an archived job back as it was, with its items, its labels and its history, and returns
    /// it. Retention keeps it for its whole time from now on. A job that is in the database is
    /// returned unchanged.
    ///
    /// Errors: `job_not_found`, `not_own_job`, `archive_unavailable`, `archive_damaged`.
    pub async fn restore_job(&self, id: &str) -> Result<job::Model> {
        match self.get_job(id).await {
            Err(Error::JobArchived(_)) => {}
            other => return self.may_change(other?),
        }
        let archived = match self.get_archived_job(id).await {
            // Another call has put it back meanwhile.
            Err(Error::NotFound(Resource::Job)) => {
                return self.may_change(self.get_job(id).await?);
            }
            archived => archived?,
        };
        let restore = RestoreArchived {
            record: archived.record,
            row: archived.row,
            now: self.now(),
        };
        match self.db.commit(restore).await {
            Err(Error::NotFound(Resource::Job)) => self.may_change(self.get_job(id).await?),
            restored => restored,
        }
    }

    /// Returns the job, if the caller may change it.
    fn may_change(&self, job: job::Model) -> Result<job::Model> {
        match self.caller() {
            Some(caller) if !caller.may_change(&job) => Err(Error::NotOwnJob(caller.name.clone())),
            _ => Ok(job),
        }
    }
}
