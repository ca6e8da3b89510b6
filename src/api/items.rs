//! The items of a job.

use super::{
    Tag,
    body::Body,
    dto::{ItemList, ReportItems},
    headers::{IdempotencyKey, IfMatch},
    jobs::{CreatedJob, JobAnswer, answer, made},
    paging,
};
use crate::jobs::{Guard, JobManager};
use poem::Result;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
    payload::Json,
};
use serde_json::Value;

pub struct Items(pub JobManager);

#[OpenApi(prefix_path = "/api/v1/jobs", tag = "Tag::Items")]
impl Items {
    /// List items
    ///
    /// The parts of a job in order.
    #[oai(path = "/:job_id/items", method = "get", operation_id = "list_items")]
    async fn list_items(
        &self,
        /// Id of the job.
        job_id: Path<String>,
        /// Only items behind this position: `next_after` of the page before.
        after: Query<Option<i32>>,
        /// Items of a page.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u64>>,
    ) -> Result<Json<ItemList>> {
        let limit = paging::limit(limit.0)?;
        let mut items = self.0.list_items(&job_id.0, after.0, limit + 1).await?;
        let more = items.len() as u64 > limit;
        items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next_after = items.last().filter(|_| more).map(|item| item.idx);
        let items = items.into_iter().map(Into::into).collect();
        Ok(Json(ItemList { job_id: job_id.0, items, next_after }))
    }

    /// Report items
    ///
    /// Takes what became of some items, all or none of it, while the job is processing. A new key makes a new item. Shots and
    /// progress of the job follow.
    #[oai(path = "/:job_id/items", method = "patch", operation_id = "report_items")]
    async fn report_items(
        &self,
        /// Id of the job.
        job_id: Path<String>,
        seen: IfMatch,
        body: Body<ReportItems>,
    ) -> Result<JobAnswer> {
        let reports = body.value.items.into_iter().map(Into::into).collect();
        let guard = Guard { version: seen.0, lease: body.value.lease_token };
        let job = self.0.report_items(&job_id.0, reports, guard).await?;
        answer(job)
    }

    /// Retry failed items
    ///
    /// Makes a new job like this one, of only those of its items that failed. This one has to have ended, and stays as it is.
    #[oai(path = "/:job_id/retry-failed-items", method = "post", operation_id = "retry_failed_items")]
    async fn retry_failed_items(
        &self,
        /// Id of the job.
        job_id: Path<String>,
        key: IdempotencyKey,
    ) -> Result<CreatedJob> {
        let idempotency = key.of("retry_failed_items", Some(&Value::from(job_id.0.as_str()).to_string()));
        made(self.0.retry_failed_items(&job_id.0, idempotency).await?.job)
    }
}
