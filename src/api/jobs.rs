//! Handlers that create and list jobs.

mod answer;
pub mod count;
pub mod one;
mod page;

pub use answer::{CreatedJob, JobResponse, answer, made};
pub use count::CountJobs;
pub use one::OneJob;

use super::{
    Tag,
    auth::Acting,
    body::Body,
    contract::{Bound, CREATE, IDEMPOTENT, Operation, READ, operation},
    dto::{JobList, JobStatus, NewJob, NewJobs, OutcomeAnswer, Outcomes, Pagination},
    filter::{Given, filter},
    headers::IdempotencyKey,
    json_bytes::JsonBytes,
    list_cache::{ListCache, ListKey},
    paging,
    rows::Rows,
};
use crate::jobs::PageAfter;
use chrono::{DateTime, Utc};
use page::{Order, View, page_after, write_page};
use poem::Result;
use poem_openapi::{OpenApi, param::Query, payload::Json};
use serde_json::json;

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[
    operation("create_job", CREATE, Bound::Stamped)
        .headers(IDEMPOTENT)
        .codes(&[
            "series_not_found",
            "episode_not_found",
            "item_conflict",
            "job_exists",
            "idempotency_key_reused",
            "counter_exhausted",
        ]),
    operation("create_jobs", CREATE, Bound::Stamped)
        .headers(IDEMPOTENT)
        .codes(&["item_conflict", "idempotency_key_reused"]),
    operation("list_jobs", READ, Bound::Jobs).codes(&["search_too_long"]),
];

pub struct Jobs(pub ListCache);

#[OpenApi(prefix_path = "/api/v1/jobs", tag = "Tag::Jobs")]
impl Jobs {
    /// Create a job
    ///
    /// Adds a job to its queue. Repeating the call with the same `Idempotency-Key` creates nothing
    /// and returns the job of the first call.
    #[oai(path = "/", method = "post", operation_id = "create_job")]
    async fn create_job(
        &self,
        jobs: Acting,
        key: IdempotencyKey,
        body: Body<NewJob>,
    ) -> Result<CreatedJob> {
        let idempotency = key.of("create_job", body.text.as_deref());
        let job = jobs.create_job(body.value.into(), idempotency).await?.job;
        made(job)
    }

    /// Create jobs
    ///
    /// Adds up to 1,000 jobs to their queues. If any job is malformed, the server refuses the whole
    /// request; otherwise it creates or refuses each job separately, in order. Repeating the call
    /// with the same `Idempotency-Key` creates nothing twice.
    #[oai(path = "/bulk", method = "post", operation_id = "create_jobs")]
    async fn create_jobs(
        &self,
        jobs: Acting,
        key: IdempotencyKey,
        body: Body<NewJobs>,
    ) -> Result<Json<Outcomes>> {
        let idempotency = key.of("create_jobs", body.text.as_deref());
        let named: Vec<_> = body
            .value
            .jobs
            .iter()
            .map(|job| job.job_id.clone())
            .collect();
        let new = body.value.jobs.into_iter().map(Into::into).collect();
        let outcomes = jobs.create_jobs(new, idempotency).await?;
        let outcomes = named
            .into_iter()
            .zip(outcomes)
            .map(|(id, outcome)| OutcomeAnswer::of(id, outcome))
            .collect();
        Ok(Json(Outcomes { outcomes }))
    }

    /// List jobs
    ///
    /// Returns a page of the jobs that match all given filters. Get the next page with
    /// `next_cursor`, which costs the same at any depth. A
    /// page ends at 8 MiB. If no index covers the whole filter (`q`, or several filters together),
    /// it also ends after examining 200,000 jobs. A page may therefore hold fewer than `limit`
    /// jobs, or none, although `has_more` is true: continue with `next_cursor`. Only with an
    /// `offset`, even 0, does the server examine all jobs, which may take long.
    #[oai(path = "/", method = "get", operation_id = "list_jobs")]
    #[allow(
        clippy::too_many_arguments,
        reason = "each is a parameter of the document"
    )]
    async fn list_jobs(
        &self,
        jobs: Acting,
        /// Only jobs with this status.
        status: Query<Option<JobStatus>>,
        /// Only jobs of this type.
        job_type: Query<Option<String>>,
        /// Only jobs with this mode.
        mode: Query<Option<String>>,
        /// Only jobs of this series.
        series_id: Query<Option<String>>,
        /// Only jobs of this episode.
        episode_id: Query<Option<String>>,
        /// Only jobs that the key with this id created.
        created_by: Query<Option<String>>,
        /// Only jobs with this label, as `key=value`. If repeated, a job must have all labels.
        label: Query<Vec<String>>,
        /// Only jobs created at this time or later.
        created_after: Query<Option<DateTime<Utc>>>,
        /// Only jobs created before this time.
        created_before: Query<Option<DateTime<Utc>>>,
        /// Only jobs that ended at this time or later.
        ended_after: Query<Option<DateTime<Utc>>>,
        /// Only jobs that ended before this time.
        ended_before: Query<Option<DateTime<Utc>>>,
        /// Only jobs whose error has this signature, as `causes` of the statistics have it: its
        /// first line, with `#` for numbers and ids.
        error: Query<Option<String>>,
        /// Only jobs that this worker holds or ended.
        worker_id: Query<Option<String>>,
        /// Only jobs with this text in the title or in the first 65,536 characters of the content.
        q: Query<Option<String>>,
        /// Sort order; newest first by default.
        order: Query<Option<Order>>,
        /// Maximum number of jobs on the page; 50 by default. A page has at most 200: a larger
        /// limit counts as 200, as `pagination.limit` then says.
        limit: Query<Option<u64>>,
        /// Number of jobs to skip before the page; costs more the larger it is, and is ignored when
        /// a cursor is given.
        offset: Query<Option<u64>>,
        /// `next_cursor` of the previous page.
        cursor: Query<Option<String>>,
        /// Detail of each job, `full` by default. `summary` leaves out content, request_data,
        /// request, context and result; `preview` is a summary with the path of each job's newest
        /// frame.
        view: Query<Option<View>>,
    ) -> Result<JsonBytes<JobList>> {
        let filter = filter(Given {
            status: status.0,
            job_type: job_type.0,
            mode: mode.0,
            series_id: series_id.0,
            episode_id: episode_id.0,
            created_by: created_by.0,
            label: label.0,
            created_after: created_after.0,
            created_before: created_before.0,
            ended_after: ended_after.0,
            ended_before: ended_before.0,
            error: error.0,
            worker_id: worker_id.0,
            q: q.0,
        })?;
        let limit = paging::limit_or_largest(limit.0)?;
        let after = page_after(offset.0, cursor.0)?;
        let asked = ListKey {
            changes: jobs.changes(),
            // The pages of callers with other bindings are not the same.
            filter: jobs.bound(&filter),
            order: page::order(order.0),
            after,
            limit,
            view: page::view(view.0),
        };
        if let Some((list, next)) = self.0.get(&asked) {
            return Ok(JsonBytes::already(list)?.followed_by(next));
        }
        let mut rows = Rows::new("jobs");
        let (total, next) = write_page(&jobs, &mut rows, &asked).await?;
        let next_cursor = next.map(|c| c.encode());
        let pagination = Pagination {
            total: total.jobs,
            total_exact: total.exact,
            limit,
            offset: if let PageAfter::Offset(offset) = asked.after {
                offset
            } else {
                0
            },
            has_more: next_cursor.is_some(),
            next_cursor: next_cursor.clone(),
        };
        let rest = json!({"pagination": pagination});
        let list = rows.end_page(rest, next_cursor.clone());
        self.0.keep(asked, list.bytes(), next_cursor);
        Ok(list)
    }
}
