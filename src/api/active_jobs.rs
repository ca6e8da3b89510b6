//! Handlers of active jobs: the list by which a page finds its jobs again after it was closed.

use super::{
    Tag,
    auth::Acting,
    body::Body,
    contract::{ACTIVE, Bound, Operation, READ, operation},
    dto::{ActiveJob, ActiveJobs, RemovedActiveJobs, SetActiveJob},
};
use poem::Result;
use poem_openapi::{OpenApi, param::Query, payload::Json};

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[
    operation("list_active_jobs", READ, Bound::Jobs),
    operation("set_active_job", ACTIVE, Bound::Job).codes(&["job_not_found", "job_ended"]),
    operation("remove_active_jobs", ACTIVE, Bound::Jobs),
];

pub struct Active;

#[OpenApi(prefix_path = "/api/v1/active-jobs", tag = "Tag::Jobs")]
impl Active {
    /// List active jobs
    ///
    /// Returns the active jobs of a client: those that it created with its `client_id`, and those
    /// that were put on its list. A job leaves the list at the moment when it ends.
    #[oai(path = "/", method = "get", operation_id = "list_active_jobs")]
    async fn list_active_jobs(
        &self,
        jobs: Acting,
        /// Id of the client.
        client_id: Query<String>,
    ) -> Result<Json<ActiveJobs>> {
        let active_jobs = jobs
            .list_active_jobs(&client_id.0)
            .await?
            .into_iter()
            .map(Into::into)
            .collect();
        Ok(Json(ActiveJobs {
            client_id: client_id.0,
            active_jobs,
        }))
    }

    /// Put an active job
    ///
    /// Puts a job on the client's list, or changes its title there. A job stays on the list until
    /// it ends. Retrying does not put it back; `PUT` it again.
    #[oai(path = "/", method = "put", operation_id = "set_active_job")]
    async fn set_active_job(
        &self,
        jobs: Acting,
        body: Body<SetActiveJob>,
    ) -> Result<Json<ActiveJob>> {
        let SetActiveJob {
            client_id,
            job_id,
            title,
        } = body.value;
        Ok(Json(
            jobs.set_active_job(&client_id, &job_id, title)
                .await?
                .into(),
        ))
    }

    /// Remove active jobs
    ///
    /// Removes one job from the client's list, or all of them. The jobs themselves continue.
    #[oai(path = "/", method = "delete", operation_id = "remove_active_jobs")]
    async fn remove_active_jobs(
        &self,
        jobs: Acting,
        /// Id of the client.
        client_id: Query<String>,
        /// Id of the job; all jobs of the client by default.
        job_id: Query<Option<String>>,
    ) -> Result<Json<RemovedActiveJobs>> {
        let removed = jobs.remove_active_jobs(&client_id.0, job_id.0).await?;
        Ok(Json(RemovedActiveJobs {
            message: "Active jobs removed".to_owned(),
            removed,
        }))
    }
}
