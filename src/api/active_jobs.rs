//! Active jobs: what a page goes on showing after it was closed.

use super::{
    Tag,
    body::Body,
    dto::{ActiveJob, ActiveJobs, RemovedActiveJobs, SetActiveJob},
};
use crate::jobs::JobManager;
use poem::Result;
use poem_openapi::{OpenApi, param::Query, payload::Json};

pub struct Active(pub JobManager);

#[OpenApi(prefix_path = "/api/v1/active-jobs", tag = "Tag::Jobs")]
impl Active {
    /// List active jobs
    ///
    /// The jobs that a client has before it: those that it created with its `client_id`, and those that were put. A job that has
    /// ended is not among them, from the moment on at which it ended.
    #[oai(path = "/", method = "get", operation_id = "list_active_jobs")]
    async fn list_active_jobs(
        &self,
        /// The client.
        client_id: Query<String>,
    ) -> Result<Json<ActiveJobs>> {
        let active_jobs = self.0.list_active_jobs(&client_id.0).await?.into_iter().map(Into::into).collect();
        Ok(Json(ActiveJobs { client_id: client_id.0, active_jobs }))
    }

    /// Put an active job
    ///
    /// Puts a job before a client, or gives it another title there. A retried job is active again only when it is put again.
    #[oai(path = "/", method = "put", operation_id = "set_active_job")]
    async fn set_active_job(&self, body: Body<SetActiveJob>) -> Result<Json<ActiveJob>> {
        let SetActiveJob { client_id, job_id, title } = body.value;
        Ok(Json(self.0.set_active_job(&client_id, &job_id, title).await?.into()))
    }

    /// Remove active jobs
    ///
    /// Takes a job from a client, or all jobs. The jobs themselves go on.
    #[oai(path = "/", method = "delete", operation_id = "remove_active_jobs")]
    async fn remove_active_jobs(
        &self,
        /// The client.
        client_id: Query<String>,
        /// Id of the job; all jobs of the client when left out.
        job_id: Query<Option<String>>,
    ) -> Result<Json<RemovedActiveJobs>> {
        let removed = self.0.remove_active_jobs(&client_id.0, job_id.0).await?;
        Ok(Json(RemovedActiveJobs { message: "Active jobs removed".to_owned(), removed }))
    }
}
