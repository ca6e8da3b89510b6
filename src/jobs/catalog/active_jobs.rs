//! Active jobs: the list of a client's jobs that have not ended. A client that comes back reads the
//! list and continues to show these jobs.

use crate::{
    db::write::{RemoveActive, SetActive},
    error::{Error, FieldError, Resource, Result},
    jobs::{JobManager, validate},
};
use entity::{active_job, job};
use std::collections::HashMap;

/// Maximum number of active jobs in one response; the newest are listed.
const MAX_LISTED: u64 = 200;

impl JobManager {
    /// Lists the client's jobs that have not ended, newest first, without their large fields.
    ///
    /// Errors: `invalid_request`.
    pub async fn list_active_jobs(
        &self,
        client_id: &str,
    ) -> Result<Vec<(active_job::Model, job::Model)>> {
        check_client(client_id)?;
        let active = self.db.active_jobs_of(client_id, MAX_LISTED).await?;
        let ids = active.iter().map(|active| active.job_id.as_str());
        let jobs = self.db.brief_jobs(ids.collect()).await?;
        let mut jobs: HashMap<_, _> = jobs.into_iter().map(|job| (job.id.clone(), job)).collect();
        // A job may have ended between the two queries.
        let ended = |job: &job::Model| crate::lifecycle::is_terminal(job.status);
        let with_job = |active: active_job::Model| {
            let job = jobs.remove(&active.job_id).filter(|job| !ended(job))?;
            Some((active, job))
        };
        Ok(active.into_iter().filter_map(with_job).collect())
    }

    /// Adds a job to the client's list. `title` is the client's name for the job; the default is
    /// its project title.
    ///
    /// Errors: `job_not_found`, `job_ended`, `invalid_request`.
    pub async fn set_active_job(
        &self,
        client_id: &str,
        job_id: &str,
        title: Option<String>,
    ) -> Result<(active_job::Model, job::Model)> {
        let mut checks = validate::Checks::default();
        checks.name("/client_id", client_id, validate::MAX_WORKER_ID_CHARS);
        checks.text("/title", title.as_deref(), validate::MAX_SHORT_CHARS);
        checks.finish()?;
        validate::may_exist(job_id, Resource::Job)?;
        let title = match title {
            Some(title) => Some(title),
            None => self.get_job(job_id).await?.project_title,
        };
        let write = SetActive(active_job::Model {
            client_id: client_id.to_owned(),
            job_id: job_id.to_owned(),
            title,
            created_at: self.now(),
        });
        let set = self.db.commit(write).await;
        self.or_archived(job_id, set).await
    }

    /// Removes a job from the client's list, or all jobs if no id is given, and returns the number
    /// removed. The jobs themselves continue.
    ///
    /// Errors: `invalid_request`.
    pub async fn remove_active_jobs(&self, client_id: &str, job_id: Option<String>) -> Result<u64> {
        check_client(client_id)?;
        if job_id
            .as_ref()
            .is_some_and(|id| validate::may_exist(id, Resource::Job).is_err())
        {
            return Ok(0);
        }
        self.db
            .commit(RemoveActive {
                client_id: client_id.to_owned(),
                job_id,
            })
            .await
    }
}

fn check_client(client_id: &str) -> Result<()> {
    let mut checks = validate::Checks::default();
    checks.name("/client_id", client_id, validate::MAX_WORKER_ID_CHARS);
    let detail = "Use 1 to 200 visible characters.";
    checks
        .finish()
        .map_err(|_| Error::invalid(FieldError::parameter("client_id", "invalid_name", detail)))
}
