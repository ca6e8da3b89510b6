//! Handlers that create, read, list, count, change and delete jobs.

use super::{
    Tag,
    auth::Acting,
    body::Body,
    contract::{
        Bound, CHANGE, CONDITIONAL, CREATE, DELETE, Header, IDEMPOTENT, Operation, READ, operation,
    },
    dto::{
        Deleted, Job, JobCounts, JobList, JobPatch, JobStatus, JobWithShots, ListedJob, NewJob,
        NewJobs, OutcomeAnswer, Outcomes, Pagination, Shot,
    },
    filter::{Given, filter},
    headers::{IdempotencyKey, IfMatch, IfNoneMatch, etag},
    json_bytes::JsonBytes,
    list_cache::{ListCache, ListKey},
    paging::{self, wrong},
    problem::Problem,
    rows::Rows,
};
use crate::{
    error::Error,
    jobs::{self, JobManager, PageAfter, Total},
    lifecycle::Cursor,
};
use chrono::{DateTime, Utc};
use entity::job;
use poem::Result;
use poem_openapi::{
    ApiResponse, Enum, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use serde_json::json;
use std::time::Duration;

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
    operation("count_jobs", READ, Bound::Jobs).codes(&["search_too_long"]),
    operation("get_job", READ, Bound::Job)
        .headers(&[Header::IfNoneMatch])
        .codes(&["job_not_found", "archive_unavailable", "archive_damaged"]),
    operation("update_job", CHANGE, Bound::Job)
        .headers(CONDITIONAL)
        .codes(&[
            "job_not_found",
            "series_not_found",
            "episode_not_found",
            "job_transition_illegal",
            "job_not_processing",
            "lease_lost",
            "shots_counted_from_items",
            "shots_exceed_total",
            "version_mismatch",
            "counter_exhausted",
        ]),
    operation("delete_job", DELETE, Bound::Job)
        .headers(CONDITIONAL)
        .codes(&["job_not_found", "version_mismatch"]),
];

pub struct Jobs(pub ListCache);

/// A job with its version.
#[derive(ApiResponse)]
pub enum JobResponse {
    /// The job after the change.
    #[oai(status = 200)]
    Ok(
        JsonBytes<Job>,
        /// Version of the job, in quotes.
        #[oai(header = "ETag")]
        String,
    ),
}

#[derive(ApiResponse)]
#[allow(
    clippy::large_enum_variant,
    reason = "made once a request, and written out at once"
)]
enum GetJobResponse {
    /// The job with its shots.
    #[oai(status = 200)]
    Ok(
        JsonBytes<JobWithShots>,
        /// Version of the job, in quotes.
        #[oai(header = "ETag")]
        String,
    ),
    /// The job is still at a version that the client has.
    #[oai(status = 304)]
    NotModified(
        /// Version of the job, in quotes.
        #[oai(header = "ETag")]
        String,
    ),
}

#[derive(ApiResponse)]
pub enum CreatedJob {
    /// The created job, now in the queue.
    #[oai(status = 201)]
    Created(
        JsonBytes<Job>,
        /// Path of the job.
        #[oai(header = "Location")]
        String,
        /// Version of the job, in quotes.
        #[oai(header = "ETag")]
        String,
    ),
}

/// Sort order of a list.
#[derive(Debug, Clone, Copy, Enum)]
enum Order {
    /// Newest jobs first.
    #[oai(rename = "-created_at")]
    NewestFirst,
    /// Oldest jobs first.
    #[oai(rename = "created_at")]
    OldestFirst,
}

/// Amount of detail that a list shows of each job.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum View {
    Full,
    Summary,
    Preview,
}

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
        /// Maximum number of jobs on the page; 50 by default. A page has at most 200: a larger limit
        /// counts as 200, as `pagination.limit` then says.
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
        let order = match order.0 {
            Some(Order::OldestFirst) => jobs::Order::OldestFirst,
            _ => jobs::Order::NewestFirst,
        };
        let view = match view.0 {
            Some(View::Summary) => jobs::View::Summary,
            Some(View::Preview) => jobs::View::Preview,
            _ => jobs::View::Full,
        };
        let asked = ListKey {
            changes: jobs.changes(),
            // The pages of callers with other bindings are not the same.
            filter: jobs.bound(&filter),
            order,
            after,
            limit,
            view,
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

    /// Count jobs by status
    ///
    /// Counts the jobs that match all given filters.
    #[oai(path = "/counts", method = "get", operation_id = "count_jobs")]
    #[allow(
        clippy::too_many_arguments,
        reason = "each is a parameter of the document"
    )]
    async fn count_jobs(
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
    ) -> Result<Json<JobCounts>> {
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
        Ok(Json(jobs.count_jobs(&filter).await?.into()))
    }

    /// Get a job
    ///
    /// Returns the job with its shots. With the `ETag` of an earlier response in `If-None-Match`,
    /// responds 304 while the job is unchanged. Extending the lease does not change the job's
    /// version, nor do heartbeats and other jobs, so 304 says nothing about `lease_expires_at`,
    /// `last_heard_at`, `queue_position` and the estimated times. With `wait`, the server holds the
    /// response until the job changes (long polling), for clients that cannot follow a stream. A
    /// job that is in the archive comes from there, with `archived_at`.
    #[oai(path = "/:job_id", method = "get", operation_id = "get_job")]
    async fn get_job(
        &self,
        jobs: Acting,
        /// Id of the job.
        job_id: Path<String>,
        /// Maximum number of seconds to hold the response until the job's version exceeds
        /// `since_version`.
        #[oai(validator(minimum(value = "0"), maximum(value = "60")))]
        wait: Query<Option<u64>>,
        /// Version that the client has; the current version by default.
        since_version: Query<Option<i64>>,
        seen: IfNoneMatch,
    ) -> Result<GetJobResponse> {
        // The cache may still hold an older version than the one that ended the wait.
        let at_least = match wait.0 {
            Some(seconds) => {
                let wait = Duration::from_secs(seconds);
                match jobs.wait_for_job(&job_id.0, since_version.0, wait).await {
                    Err(Error::JobArchived(_)) => 0,
                    job => job?.version,
                }
            }
            None => 0,
        };
        let kept = match jobs.view_job(&job_id.0, at_least).await {
            Err(Error::JobArchived(id)) => return of_archive(&jobs, &id, &seen).await,
            kept => kept?,
        };
        let tag = etag(kept.job.version);
        if seen.has(&tag) {
            return Ok(GetJobResponse::NotModified(tag));
        }
        let body = match kept.written.get() {
            Some(bytes) => JsonBytes::already(bytes.clone())?,
            None => {
                let shots = kept
                    .items
                    .iter()
                    .map(|item| Shot::from(jobs::Shot::from(item)))
                    .collect();
                let forecast = jobs.forecast(&kept.job).await?;
                let job = JobWithShots::new(kept.job.clone(), shots, kept.next_after, forecast);
                let body = JsonBytes::of(&job)?;
                let _ = kept.written.set(body.bytes());
                body
            }
        };
        Ok(GetJobResponse::Ok(body, tag))
    }

    /// Change a job
    ///
    /// Applies a JSON merge patch (RFC 7396). A `status` is a transition, and the server checks it
    /// as such. Send `If-Match` to change only a version that you have seen.
    #[oai(path = "/:job_id", method = "patch", operation_id = "update_job")]
    async fn update_job(
        &self,
        jobs: Acting,
        /// Id of the job.
        job_id: Path<String>,
        seen: IfMatch,
        body: Body<JobPatch>,
    ) -> Result<JobResponse> {
        let job = jobs
            .update_job(&job_id.0, body.value.into(), seen.0)
            .await?;
        answer(job)
    }

    /// Delete a job
    ///
    /// Deletes the job with its items and its history, whatever its status. This cannot be undone.
    #[oai(path = "/:job_id", method = "delete", operation_id = "delete_job")]
    async fn delete_job(
        &self,
        jobs: Acting,
        /// Id of the job.
        job_id: Path<String>,
        seen: IfMatch,
    ) -> Result<Json<Deleted>> {
        jobs.delete_job(&job_id.0, seen.0).await?;
        Ok(Json(Deleted {
            message: "Job deleted successfully".to_owned(),
            job_id: job_id.0,
        }))
    }
}

/// Writes as many jobs of a page as fit, and returns the total number of matching jobs and the
/// cursor of the next page.
async fn write_page(
    service: &JobManager,
    rows: &mut Rows,
    asked: &ListKey,
) -> Result<(Total, Option<Cursor>)> {
    let ListKey {
        filter,
        order,
        view,
        limit,
        ..
    } = asked;
    let (mut after, mut total, mut last) = (asked.after.clone(), None, None);
    loop {
        let page = service
            .list_jobs(filter, *order, after, limit - rows.count(), *view)
            .await?;
        let total = *total.get_or_insert(page.total);
        let mut previews = page.previews;
        for job in page.jobs {
            let (place, preview) = (
                Cursor {
                    created_at: job.created_at,
                    id: job.id.clone(),
                },
                previews.remove(&job.id).unwrap_or_default(),
            );
            let job = ListedJob::new(job, *view).with_preview(preview);
            let row = serde_json::to_string(&job)
                .map_err(|error| Problem::internal(&error.to_string()))?;
            if !rows.push(&row)? {
                return Ok((total, last));
            }
            last = Some(place);
        }
        match page.next {
            Some(next) if page.cut && rows.count() < *limit => after = PageAfter::Cursor(next),
            next => return Ok((total, next)),
        }
    }
}

/// Returns a job that is in the archive.
async fn of_archive(jobs: &JobManager, id: &str, seen: &IfNoneMatch) -> Result<GetJobResponse> {
    let archived = jobs.get_archived_job(id).await?;
    let tag = etag(archived.record.job.version);
    if seen.has(&tag) {
        return Ok(GetJobResponse::NotModified(tag));
    }
    let items = archived.record.items.iter();
    let shots = items
        .map(|item| Shot::from(jobs::Shot::from(item)))
        .collect();
    let job = JobWithShots::archived(archived.record.job, shots, archived.archived_at);
    Ok(GetJobResponse::Ok(JsonBytes::of(&job)?, tag))
}

/// Builds the response of every call that creates a job.
pub fn made(job: job::Model) -> Result<CreatedJob> {
    let (location, tag) = (format!("/api/v1/jobs/{}", job.id), etag(job.version));
    Ok(CreatedJob::Created(
        JsonBytes::of_change(&job.into())?,
        location,
        tag,
    ))
}

/// Builds the response of every call that changes a job, from the row that the write returned. A
/// second query could fail, and a change that was committed would then look as if it had failed.
pub fn answer(job: job::Model) -> Result<JobResponse> {
    let tag = etag(job.version);
    Ok(JobResponse::Ok(JsonBytes::of_change(&job.into())?, tag))
}

fn page_after(offset: Option<u64>, cursor: Option<String>) -> Result<PageAfter> {
    match paging::cursor(cursor)? {
        Some(cursor) => Ok(PageAfter::Cursor(cursor)),
        // Both databases count rows in signed 64-bit integers.
        None => match offset {
            None => Ok(PageAfter::Start),
            Some(offset) if offset <= i64::MAX as u64 => Ok(PageAfter::Offset(offset)),
            Some(_) => Err(wrong(
                "offset",
                "out_of_range",
                "Use an offset of at most 9223372036854775807.",
            )),
        },
    }
}
