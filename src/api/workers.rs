//! Handlers that list workers, and list and set queues.

use super::{
    Tag,
    auth::Acting,
    body::Body,
    contract::{Bound, Operation, QUEUES, READ, operation},
    dto::{Queue, QueueForecast, QueueList, SetQueue, WorkerList, given, keep_patch},
    json_bytes::JsonBytes,
    paging,
};
use crate::jobs::{QueuePatch, Workers as Listed};
use poem::Result;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
    payload::Json,
};

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[
    operation("list_workers", READ, Bound::Refused),
    operation("list_queues", READ, Bound::Refused),
    operation("get_queue", READ, Bound::Refused),
    operation("forecast_queue", READ, Bound::Refused),
    operation("set_queue", QUEUES, Bound::Refused),
];

pub struct Workers;

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Workers")]
impl Workers {
    /// List workers
    ///
    /// Returns the workers, the jobs that each one has, and the time when the server last heard of
    /// it. The calls of a worker register it. If there are more than 10,000 workers, the list has
    /// those heard of last.
    #[oai(path = "/workers", method = "get", operation_id = "list_workers")]
    async fn list_workers(
        &self,
        jobs: Acting,
        /// Maximum number of workers on the page; all by default.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u64>>,
        /// `next_cursor` of the previous page.
        cursor: Query<Option<String>>,
    ) -> Result<JsonBytes<WorkerList>> {
        let size = match limit.0 {
            Some(given) => paging::limit(Some(given))?,
            None => u64::MAX,
        };
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let Listed { mut workers, more } = jobs.list_workers().await?;
        workers.sort_by(|a, b| a.row.worker_id.cmp(&b.row.worker_id));
        let cursor = paging::name_cursor(cursor.0)?;
        let is_later = |id: &str| cursor.as_deref().is_none_or(|last| id > last);
        let mut rest = workers
            .into_iter()
            .filter(|worker| is_later(&worker.row.worker_id))
            .peekable();
        let page: Vec<_> = rest.by_ref().take(size).collect();
        let last = page.last().map(|worker| worker.row.worker_id.clone());
        let next_cursor = last.filter(|_| rest.peek().is_some());
        let list = WorkerList {
            workers: page.into_iter().map(Into::into).collect(),
            more,
            has_more: next_cursor.is_some(),
            next_cursor: next_cursor.clone(),
        };
        Ok(JsonBytes::json(&list)?.followed_by(next_cursor))
    }

    /// List queues
    ///
    /// Returns the settings of each queue and its number of queued and processing jobs.
    #[oai(path = "/queues", method = "get", operation_id = "list_queues")]
    async fn list_queues(&self, jobs: Acting) -> Result<Json<QueueList>> {
        let queues = jobs
            .list_queues()
            .await?
            .into_iter()
            .map(Into::into)
            .collect();
        Ok(Json(QueueList { queues }))
    }

    /// Get a queue
    ///
    /// Returns the settings of a queue and its number of queued and processing jobs. Every job type
    /// has a queue; one that was never used has no settings and no jobs.
    #[oai(path = "/queues/:job_type", method = "get", operation_id = "get_queue")]
    async fn get_queue(
        &self,
        jobs: Acting,
        /// Type of the jobs.
        job_type: Path<String>,
    ) -> Result<Json<Queue>> {
        Ok(Json(jobs.get_queue(&job_type.0).await?.into()))
    }

    /// Forecast a queue
    ///
    /// Returns when the queue is likely to be empty, by the durations of its jobs in the last week
    /// and the number of jobs that run now. The times are null while the queue is paused, when none
    /// of its jobs runs, and when none ended in the last week.
    #[oai(
        path = "/queues/:job_type/forecast",
        method = "get",
        operation_id = "forecast_queue"
    )]
    async fn forecast_queue(
        &self,
        jobs: Acting,
        /// Type of the jobs.
        job_type: Path<String>,
    ) -> Result<Json<QueueForecast>> {
        Ok(Json(jobs.forecast_queue(&job_type.0).await?.into()))
    }

    /// Pause, resume or limit a queue
    ///
    /// Takes effect on all servers at once, for the claims that follow; running jobs continue. With
    /// `keep` and `then`, sets how long ended jobs of the type are kept, and what becomes of them.
    #[oai(path = "/queues/:job_type", method = "put", operation_id = "set_queue")]
    async fn set_queue(
        &self,
        jobs: Acting,
        /// Type of the jobs.
        job_type: Path<String>,
        body: Body<SetQueue>,
    ) -> Result<Json<Queue>> {
        let patch = QueuePatch {
            paused: body.value.paused,
            max_running: given(body.value.max_running),
            max_run_seconds: given(body.value.max_run_seconds),
            keep: keep_patch(body.value.keep, body.value.then, body.value.keep_media)?,
        };
        Ok(Json(jobs.change_queue(&job_type.0, patch).await?.into()))
    }
}
