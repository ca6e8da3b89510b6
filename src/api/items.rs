//! Handlers of the items of a job.

use super::{
    Tag,
    auth::{Acting, lease_of},
    body::Body,
    contract::{Bound, CONDITIONAL, CREATE, IDEMPOTENT, Operation, READ, REPORT, operation},
    dto::{Item, ItemList, ReportItems},
    headers::{IdempotencyKey, IfMatch},
    jobs::{CreatedJob, JobResponse, answer, made},
    json_bytes::JsonBytes,
    paging,
    rows::Rows,
};
use crate::jobs::Guard;
use poem::{Request, Result};
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
    types::ToJSON,
};
use serde_json::{Value, json};

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[
    operation("retry_failed_items", CREATE, Bound::Job)
        .headers(IDEMPOTENT)
        .codes(&[
            "job_not_found",
            "job_not_ended",
            "no_failed_items",
            "idempotency_key_reused",
        ]),
    operation("list_items", READ, Bound::Job).codes(&["job_not_found"]),
    operation("report_items", REPORT, Bound::Job)
        .headers(CONDITIONAL)
        .codes(&[
            "job_not_found",
            "item_not_found",
            "job_not_processing",
            "lease_lost",
            "item_conflict",
            "version_mismatch",
            "counter_exhausted",
        ]),
];

pub struct Items;

#[OpenApi(prefix_path = "/api/v1/jobs", tag = "Tag::Items")]
impl Items {
    /// List items
    ///
    /// Returns the parts of a job, in order. A page ends at 8 MiB and may therefore hold fewer than
    /// `limit` items: continue with `next_cursor`.
    #[oai(path = "/:job_id/items", method = "get", operation_id = "list_items")]
    async fn list_items(
        &self,
        jobs: Acting,
        /// Id of the job.
        job_id: Path<String>,
        /// `next_cursor` of the previous page.
        cursor: Query<Option<String>>,
        /// Same as `cursor`, for older clients: only items after this position.
        after: Query<Option<i32>>,
        /// Maximum number of items on the page; 50 by default.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u64>>,
    ) -> Result<JsonBytes<ItemList>> {
        let limit = paging::limit(limit.0)?;
        let after = paging::after_index(cursor.0, after.0)?;
        let mut rows = Rows::new("items");
        let read = |after, limit| jobs.list_items(&job_id.0, after, limit);
        let write = |item| Item::from(item).to_json_string();
        let next_after = rows
            .fill(limit, after, read, |item| item.idx, write)
            .await?;
        Ok(rows.end_numbered(json!({"job_id": job_id.0}), next_after.map(Into::into)))
    }

    /// Report items
    ///
    /// Writes reports on items of a processing job, all or none of them. A new key creates an item.
    /// The server updates the job's shots and progress accordingly.
    #[oai(
        path = "/:job_id/items",
        method = "patch",
        operation_id = "report_items"
    )]
    async fn report_items(
        &self,
        jobs: Acting,
        /// Id of the job.
        job_id: Path<String>,
        seen: IfMatch,
        body: Body<ReportItems>,
        request: &Request,
    ) -> Result<JobResponse> {
        let reports = body.value.items.into_iter().map(Into::into).collect();
        let guard = Guard {
            version: seen.0,
            lease: lease_of(request, body.value.lease_token),
        };
        let job = jobs.report_items(&job_id.0, reports, guard).await?;
        answer(job)
    }

    /// Retry failed items
    ///
    /// Creates a job like this one with only its failed items. This job must have ended, and stays
    /// as it is.
    #[oai(
        path = "/:job_id/retry-failed-items",
        method = "post",
        operation_id = "retry_failed_items"
    )]
    async fn retry_failed_items(
        &self,
        jobs: Acting,
        /// Id of the job.
        job_id: Path<String>,
        key: IdempotencyKey,
    ) -> Result<CreatedJob> {
        let idempotency = key.of(
            "retry_failed_items",
            Some(&Value::from(job_id.0.as_str()).to_string()),
        );
        made(jobs.retry_failed_items(&job_id.0, idempotency).await?.job)
    }
}
