//! Handlers that return, change and delete one job.

use super::{JobResponse, answer};
use crate::{
    api::{
        Tag,
        auth::Acting,
        body::Body,
        contract::{Bound, CHANGE, CONDITIONAL, DELETE, Header, Operation, READ, operation},
        dto::{Deleted, JobPatch, JobWithShots, Shot},
        headers::{IfMatch, IfNoneMatch, etag},
        json_bytes::JsonBytes,
    },
    error::Error,
    jobs::{self, JobManager, ReadSource},
};
use poem::Result;
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use std::time::Duration;

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[
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

pub struct OneJob;

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
        /// Where the server read the job: `memory`, `redis`, `database` or `archive`.
        #[oai(header = "Callsheet-Source")]
        String,
    ),
    /// The job is still at a version that the client has.
    #[oai(status = 304)]
    NotModified(
        /// Version of the job, in quotes.
        #[oai(header = "ETag")]
        String,
        /// Where the server read the job: `memory`, `redis`, `database` or `archive`.
        #[oai(header = "Callsheet-Source")]
        String,
    ),
}

#[OpenApi(prefix_path = "/api/v1/jobs", tag = "Tag::Jobs")]
impl OneJob {
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
        /// Version that the client has; the current version by default. The response is never
        /// older, whichever server answered before; nor is it older than a version that
        /// `If-None-Match` names.
        since_version: Query<Option<i64>>,
        seen: IfNoneMatch,
    ) -> Result<GetJobResponse> {
        // The cache may still hold an older version than the one that ended the wait, or than the
        // client got from another server.
        let known = seen.newest().max(since_version.0.unwrap_or_default());
        let at_least = match wait.0 {
            Some(seconds) => {
                let wait = Duration::from_secs(seconds);
                match jobs.wait_for_job(&job_id.0, since_version.0, wait).await {
                    Err(Error::JobArchived(_)) => 0,
                    job => known.max(job?.version),
                }
            }
            None => known,
        };
        let (kept, source) = match jobs.view_job(&job_id.0, at_least).await {
            Err(Error::JobArchived(id)) => return of_archive(&jobs, &id, &seen).await,
            kept => kept?,
        };
        let (tag, source) = (etag(kept.job.version), source.as_str().to_owned());
        if seen.has(&tag) {
            return Ok(GetJobResponse::NotModified(tag, source));
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
        Ok(GetJobResponse::Ok(body, tag, source))
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

/// Returns a job that is in the archive.
async fn of_archive(jobs: &JobManager, id: &str, seen: &IfNoneMatch) -> Result<GetJobResponse> {
    let archived = jobs.get_archived_job(id).await?;
    let tag = etag(archived.record.job.version);
    let source = ReadSource::Archive.as_str().to_owned();
    if seen.has(&tag) {
        return Ok(GetJobResponse::NotModified(tag, source));
    }
    let items = archived.record.items.iter();
    let shots = items
        .map(|item| Shot::from(jobs::Shot::from(item)))
        .collect();
    let job = JobWithShots::archived(archived.record.job, shots, archived.archived_at);
    Ok(GetJobResponse::Ok(JsonBytes::of(&job)?, tag, source))
}
