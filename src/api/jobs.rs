//! Jobs: create, read, list, count, change, delete.

use super::{
    Tag,
    body::Body,
    dto::{
        Deleted, Job, JobCounts, JobList, JobPatch, JobStatus, JobWithShots, ListedJob, NewJob, NewJobs, OutcomeAnswer,
        Outcomes, Pagination, Shot,
    },
    filter::{Given, filter},
    headers::{IdempotencyKey, IfMatch, IfNoneMatch, etag},
    kept_lists::{Asked, KeptLists},
    paging::{self, wrong},
    written::Written,
};
use crate::jobs::{self, JobManager, PageAfter};
use chrono::{DateTime, Utc};
use entity::job;
use poem::Result;
use poem_openapi::{
    ApiResponse, Enum, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use std::time::Duration;

pub struct Jobs(pub JobManager, pub KeptLists);

/// A job with its version.
#[derive(ApiResponse)]
pub enum JobAnswer {
    /// The job.
    #[oai(status = 200)]
    Ok(
        Written<Job>,
        /// Version of the job, in quotes.
        #[oai(header = "ETag")]
        String,
    ),
}

#[derive(ApiResponse)]
#[allow(clippy::large_enum_variant, reason = "made once a request, and written out at once")]
enum JobOrUnchanged {
    /// The job.
    #[oai(status = 200)]
    Ok(
        Written<JobWithShots>,
        /// Version of the job, in quotes.
        #[oai(header = "ETag")]
        String,
    ),
    /// The client has this version.
    #[oai(status = 304)]
    NotModified(
        /// Version of the job, in quotes.
        #[oai(header = "ETag")]
        String,
    ),
}

#[derive(ApiResponse)]
pub enum CreatedJob {
    /// The job waits in the queue.
    #[oai(status = 201)]
    Created(
        Written<Job>,
        /// Path of the job.
        #[oai(header = "Location")]
        String,
        /// Version of the job, in quotes.
        #[oai(header = "ETag")]
        String,
    ),
}

/// Order of a list.
#[derive(Debug, Clone, Copy, Enum)]
enum Order {
    /// Newest first.
    #[oai(rename = "-created_at")]
    NewestFirst,
    /// Oldest first.
    #[oai(rename = "created_at")]
    OldestFirst,
}

/// How much of each job a list shows.
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
    /// Puts a job in the queue. A creating call may be repeated with the same Idempotency-Key: it answers with the job that the
    /// first one made.
    #[oai(path = "/", method = "post", operation_id = "create_job")]
    async fn create_job(&self, key: IdempotencyKey, body: Body<NewJob>) -> Result<CreatedJob> {
        let idempotency = key.of("create_job", body.text.as_deref());
        let job = self.0.create_job(body.value.into(), idempotency).await?.job;
        made(job)
    }

    /// Create jobs
    ///
    /// Puts up to 1,000 jobs in the queue. What is wrong with the form of any of them refuses all; each of the others is made or
    /// refused by itself, in order. May be repeated with the same Idempotency-Key.
    #[oai(path = "/bulk", method = "post", operation_id = "create_jobs")]
    async fn create_jobs(&self, key: IdempotencyKey, body: Body<NewJobs>) -> Result<Json<Outcomes>> {
        let idempotency = key.of("create_jobs", body.text.as_deref());
        let named: Vec<_> = body.value.jobs.iter().map(|job| job.job_id.clone()).collect();
        let new = body.value.jobs.into_iter().map(Into::into).collect();
        let outcomes = self.0.create_jobs(new, idempotency).await?;
        let outcomes = named.into_iter().zip(outcomes).map(|(id, outcome)| OutcomeAnswer::of(id, outcome)).collect();
        Ok(Json(Outcomes { outcomes }))
    }

    /// List jobs
    ///
    /// A page of the jobs that all given filters let through. Ask for the next page with `next_cursor` (costs the same at any depth)
    /// or, as older clients do, with `offset`. One index leads to the jobs; where it does not know all of the filter (`q`, or one
    /// filter beside another), a page looks at up to 200,000 jobs: it may hold fewer than `limit`, or none, though `has_more` is
    /// true, and `next_cursor` goes on from there. Only with an `offset`, be it 0, it looks at all, which may take long.
    #[oai(path = "/", method = "get", operation_id = "list_jobs")]
    #[allow(clippy::too_many_arguments, reason = "each is a parameter of the document")]
    async fn list_jobs(
        &self,
        /// Only jobs of this status.
        status: Query<Option<JobStatus>>,
        /// Only jobs of this type.
        job_type: Query<Option<String>>,
        /// Only jobs of this mode.
        mode: Query<Option<String>>,
        /// Only jobs of this series.
        series_id: Query<Option<String>>,
        /// Only jobs of this episode.
        episode_id: Query<Option<String>>,
        /// Only jobs with this label, as `key=value`; may be given several times.
        label: Query<Vec<String>>,
        /// Only jobs created at this moment or later.
        created_after: Query<Option<DateTime<Utc>>>,
        /// Only jobs created before this moment.
        created_before: Query<Option<DateTime<Utc>>>,
        /// Only jobs with this text in the title or the content.
        q: Query<Option<String>>,
        /// Newest first when left out.
        order: Query<Option<Order>>,
        /// Rows of a page.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u64>>,
        /// Rows to leave out before the page; costs more the larger it is, and counts for nothing beside a cursor.
        offset: Query<Option<u64>>,
        /// `next_cursor` of the page before.
        cursor: Query<Option<String>>,
        /// `summary` leaves out content, request_data, request, context and result; `preview` is a summary with the path of the
        /// newest frame of each job.
        view: Query<Option<View>>,
    ) -> Result<Written<JobList>> {
        let filter = filter(Given {
            status: status.0,
            job_type: job_type.0,
            mode: mode.0,
            series_id: series_id.0,
            episode_id: episode_id.0,
            label: label.0,
            created_after: created_after.0,
            created_before: created_before.0,
            q: q.0,
        })?;
        let limit = paging::limit(limit.0)?;
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
        let asked = Asked { changes: self.0.changes(), filter, order, after, limit, view };
        if let Some(list) = self.1.get(&asked) {
            return Ok(Written::already(list));
        }
        let page = self.0.list_jobs(&asked.filter, order, asked.after.clone(), limit, view).await?;
        let pagination = Pagination {
            total: page.total.jobs,
            total_exact: page.total.exact,
            limit,
            offset: if let PageAfter::Offset(offset) = asked.after { offset } else { 0 },
            has_more: page.next.is_some(),
            next_cursor: page.next.map(|c| c.encode()),
        };
        let mut frames = page.frames;
        let listed = |job: job::Model| {
            let frame = frames.remove(&job.id);
            ListedJob::new(job, view).with_frame(frame)
        };
        let jobs = page.jobs.into_iter().map(listed).collect();
        let list = Written::of(&JobList { jobs, pagination })?;
        self.1.keep(asked, list.bytes());
        Ok(list)
    }

    /// Count jobs by status
    ///
    /// Counts the jobs that all given filters let through.
    #[oai(path = "/counts", method = "get", operation_id = "count_jobs")]
    #[allow(clippy::too_many_arguments, reason = "each is a parameter of the document")]
    async fn count_jobs(
        &self,
        /// Only jobs of this status.
        status: Query<Option<JobStatus>>,
        /// Only jobs of this type.
        job_type: Query<Option<String>>,
        /// Only jobs of this mode.
        mode: Query<Option<String>>,
        /// Only jobs of this series.
        series_id: Query<Option<String>>,
        /// Only jobs of this episode.
        episode_id: Query<Option<String>>,
        /// Only jobs with this label, as `key=value`; may be given several times.
        label: Query<Vec<String>>,
        /// Only jobs created at this moment or later.
        created_after: Query<Option<DateTime<Utc>>>,
        /// Only jobs created before this moment.
        created_before: Query<Option<DateTime<Utc>>>,
        /// Only jobs with this text in the title or the content.
        q: Query<Option<String>>,
    ) -> Result<Json<JobCounts>> {
        let filter = filter(Given {
            status: status.0,
            job_type: job_type.0,
            mode: mode.0,
            series_id: series_id.0,
            episode_id: episode_id.0,
            label: label.0,
            created_after: created_after.0,
            created_before: created_before.0,
            q: q.0,
        })?;
        Ok(Json(self.0.count_jobs(&filter).await?.into()))
    }

    /// Get a job
    ///
    /// With the `ETag` of an earlier answer in `If-None-Match`, answers 304 while the job is unchanged. A lease that is extended is no
    /// step of the job's version: 304 says nothing about `lease_expires_at`. With `wait`, holds the answer until the job changes: for
    /// clients that cannot follow a stream.
    #[oai(path = "/:job_id", method = "get", operation_id = "get_job")]
    async fn get_job(
        &self,
        /// Id of the job.
        job_id: Path<String>,
        /// Seconds that the answer may be held: until the job's version is behind `since_version`.
        #[oai(validator(minimum(value = "0"), maximum(value = "60")))]
        wait: Query<Option<u64>>,
        /// Version that the client has; the present one when left out.
        since_version: Query<Option<i64>>,
        seen: IfNoneMatch,
    ) -> Result<JobOrUnchanged> {
        // What the wait saw may be newer than what is kept.
        let at_least = match wait.0 {
            Some(seconds) => {
                let wait = Duration::from_secs(seconds);
                self.0.wait_for_job(&job_id.0, since_version.0, wait).await?.version
            }
            None => 0,
        };
        let kept = self.0.view_job(&job_id.0, at_least).await?;
        let tag = etag(kept.job.version);
        if seen.has(&tag) {
            return Ok(JobOrUnchanged::NotModified(tag));
        }
        let body = match kept.written.get() {
            Some(bytes) => Written::already(bytes.clone()),
            None => {
                let shots = kept.items.iter().map(|item| Shot::from(jobs::Shot::from(item))).collect();
                let body = Written::of(&JobWithShots::new(kept.job.clone(), shots))?;
                let _ = kept.written.set(body.bytes());
                body
            }
        };
        Ok(JobOrUnchanged::Ok(body, tag))
    }

    /// Change a job
    ///
    /// A merge patch (RFC 7396). A `status` is a transition and checked as such. Send `If-Match` to change only the version that you
    /// have seen.
    #[oai(path = "/:job_id", method = "patch", operation_id = "update_job")]
    async fn update_job(
        &self,
        /// Id of the job.
        job_id: Path<String>,
        seen: IfMatch,
        body: Body<JobPatch>,
    ) -> Result<JobAnswer> {
        let job = self.0.update_job(&job_id.0, body.value.into(), seen.0).await?;
        answer(job)
    }

    /// Delete a job
    ///
    /// Removes the job with its items and its history, in whatever status it is. There is no way back.
    #[oai(path = "/:job_id", method = "delete", operation_id = "delete_job")]
    async fn delete_job(
        &self,
        /// Id of the job.
        job_id: Path<String>,
        seen: IfMatch,
    ) -> Result<Json<Deleted>> {
        self.0.delete_job(&job_id.0, seen.0).await?;
        Ok(Json(Deleted { message: "Job deleted successfully".to_owned(), job_id: job_id.0 }))
    }
}

/// What every call that makes a job answers.
pub fn made(job: job::Model) -> Result<CreatedJob> {
    let (location, tag) = (format!("/api/v1/jobs/{}", job.id), etag(job.version));
    Ok(CreatedJob::Created(Written::of(&job.into())?, location, tag))
}

/// What every changing call answers: the job as the write left it, without another look at the database, whose failure
/// would make a change that was made look like none.
pub fn answer(job: job::Model) -> Result<JobAnswer> {
    let tag = etag(job.version);
    Ok(JobAnswer::Ok(Written::of(&job.into())?, tag))
}

fn page_after(offset: Option<u64>, cursor: Option<String>) -> Result<PageAfter> {
    match paging::cursor(cursor)? {
        Some(cursor) => Ok(PageAfter::Cursor(cursor)),
        // Both databases count rows in signed numbers.
        None => match offset {
            None => Ok(PageAfter::Start),
            Some(offset) if offset <= i64::MAX as u64 => Ok(PageAfter::Offset(offset)),
            Some(_) => Err(wrong("offset", "out_of_range", "Use an offset of at most 9223372036854775807.")),
        },
    }
}
