//! Handlers that list workers, and list and set queues.

use super::{
    Tag,
    body::Body,
    dto::{Queue, QueueList, SetQueue, WorkerList, given},
};
use crate::jobs::{JobManager, QueuePatch, Workers as ItemScope};
use poem::Result;
use poem_openapi::{OpenApi, param::Path, payload::Json};

pub struct Workers(pub JobManager);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Workers")]
impl Workers {
    /// List workers
    ///
    /// Returns the workers, the jobs that each one has, and the time when the server last heard of
    /// it. The calls of a worker register it. If there are more than 10,000 workers, the list has
    /// those heard of last.
    #[oai(path = "/workers", method = "get", operation_id = "list_workers")]
    async fn list_workers(&self) -> Result<Json<WorkerList>> {
        let ItemScope { workers, more } = self.0.list_workers().await?;
        Ok(Json(WorkerList {
            workers: workers.into_iter().map(Into::into).collect(),
            more,
        }))
    }

    /// List queues
    ///
    /// Returns the settings of each queue and its number of queued and processing jobs.
    #[oai(path = "/queues", method = "get", operation_id = "list_queues")]
    async fn list_queues(&self) -> Result<Json<QueueList>> {
        let queues = self
            .0
            .list_queues()
            .await?
            .into_iter()
            .map(Into::into)
            .collect();
        Ok(Json(QueueList { queues }))
    }

    /// Pause, resume or limit a queue
    ///
    /// Takes effect on all servers at once, for the claims that follow; running jobs continue.
    #[oai(path = "/queues/:job_type", method = "put", operation_id = "set_queue")]
    async fn set_queue(
        &self,
        /// Type of the jobs.
        job_type: Path<String>,
        body: Body<SetQueue>,
    ) -> Result<Json<Queue>> {
        let patch = QueuePatch {
            paused: body.value.paused,
            max_running: given(body.value.max_running),
            max_run_seconds: given(body.value.max_run_seconds),
        };
        Ok(Json(self.0.change_queue(&job_type.0, patch).await?.into()))
    }
}
