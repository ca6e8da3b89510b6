//! delete_job: removes a job with its items and its history.

use crate::{
    db::write::DeleteJob,
    error::{Resource, Result},
    jobs::{IfVersion, JobManager, validate},
};

impl JobManager {
    /// Deletes the job in any status, with its items and its history. There is no way back.
    ///
    /// Errors: `job_not_found`, `version_mismatch`.
    pub async fn delete_job(&self, id: &str, if_version: IfVersion) -> Result<()> {
        validate::may_exist(id, Resource::Job)?;
        let deleted = self
            .db
            .commit(DeleteJob {
                id: id.to_owned(),
                if_version,
                now: self.now(),
            })
            .await;
        self.or_archived(id, deleted).await
    }
}
