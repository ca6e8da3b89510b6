//! Workers, and what is set for the types of jobs that they ask for.

use super::{
    Tag,
    body::Body,
    dto::{Queue, QueueList, SetQueue, WorkerList},
};
use crate::jobs::{JobManager, Workers as Listed};
use poem::Result;
use poem_openapi::{OpenApi, param::Path, payload::Json, types::MaybeUndefined};

pub struct Workers(pub JobManager);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Workers")]
impl Workers {
    /// List workers
    ///
    /// Who asks for jobs, what each holds, and when it was last heard of. A worker is registered by its calls. Of more
    /// than 10,000 workers, those are listed that were heard of last.
    #[oai(path = "/workers", method = "get", operation_id = "list_workers")]
    async fn list_workers(&self) -> Result<Json<WorkerList>> {
        let Listed { workers, more } = self.0.list_workers().await?;
        Ok(Json(WorkerList { workers: workers.into_iter().map(Into::into).collect(), more }))
    }

    /// List queues
    ///
    /// What is set for each type of job, and how many of its jobs wait and run.
    #[oai(path = "/queues", method = "get", operation_id = "list_queues")]
    async fn list_queues(&self) -> Result<Json<QueueList>> {
        let queues = self.0.list_queues().await?.into_iter().map(Into::into).collect();
        Ok(Json(QueueList { queues }))
    }

    /// Pause, resume or limit a queue
    ///
    /// Holds on all servers at once, for the claims that follow; jobs that run go on.
    #[oai(path = "/queues/:job_type", method = "put", operation_id = "set_queue")]
    async fn set_queue(
        &self,
        /// Type of the jobs.
        job_type: Path<String>,
        body: Body<SetQueue>,
    ) -> Result<Json<Queue>> {
        let max_running = match body.value.max_running {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(most) => Some(Some(most)),
        };
        Ok(Json(self.0.set_queue(&job_type.0, body.value.paused, max_running).await?.into()))
    }
}
