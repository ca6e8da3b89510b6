//! Handlers of a job's transitions: start, complete, fail, cancel, retry, recover,
//! undo.

use super::{
    Tag,
    auth::Acting,
    body::{Body, OptionalBody},
    contract::{Bound, CHANGE, CONDITIONAL, Operation, REPORT, operation},
    dto::{CancelJob, CompleteJob, FailJob, StartJob, StartedJob, members},
    headers::{IfMatch, etag},
    jobs::{JobResponse, answer},
    json_bytes::JsonBytes,
    results::ResultFiles,
};
use crate::jobs::{Failure, Guard};
use poem::{Result, web::Data};
use poem_openapi::{ApiResponse, OpenApi, param::Path};

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[
    operation("start_job", REPORT, Bound::Job)
        .headers(CONDITIONAL)
        .codes(&[
            "job_not_found",
            "job_transition_illegal",
            "version_mismatch",
            "counter_exhausted",
        ]),
    operation("mark_completed", REPORT, Bound::Job)
        .headers(CONDITIONAL)
        .codes(&[
            "job_not_found",
            "job_transition_illegal",
            "lease_lost",
            "version_mismatch",
            "counter_exhausted",
        ]),
    operation("mark_failed", REPORT, Bound::Job)
        .headers(CONDITIONAL)
        .codes(&[
            "job_not_found",
            "job_transition_illegal",
            "lease_lost",
            "version_mismatch",
            "counter_exhausted",
        ]),
    operation("cancel_job", CHANGE, Bound::Job)
        .headers(CONDITIONAL)
        .codes(&[
            "job_not_found",
            "job_transition_illegal",
            "version_mismatch",
            "counter_exhausted",
        ]),
    operation("retry_job", CHANGE, Bound::Job)
        .headers(CONDITIONAL)
        .codes(&[
            "job_not_found",
            "job_transition_illegal",
            "version_mismatch",
            "counter_exhausted",
        ]),
    operation("recover_job", CHANGE, Bound::Job)
        .headers(CONDITIONAL)
        .codes(&[
            "job_not_found",
            "job_transition_illegal",
            "version_mismatch",
            "counter_exhausted",
        ]),
    operation("undo_job", CHANGE, Bound::Job)
        .headers(CONDITIONAL)
        .codes(&[
            "job_not_found",
            "cannot_undo",
            "version_mismatch",
            "counter_exhausted",
        ]),
];

pub struct Lifecycle;

#[derive(ApiResponse)]
enum StartResponse {
    /// The started job.
    #[oai(status = 200)]
    Ok(
        JsonBytes<StartedJob>,
        /// Version of the job, in quotes.
        #[oai(header = "ETag")]
        String,
        /// Token of the lease, if the request asked for one; the body has it too.
        #[oai(header = "Lease-Token")]
        Option<String>,
    ),
}

#[OpenApi(prefix_path = "/api/v1/jobs", tag = "Tag::Lifecycle")]
impl Lifecycle {
    /// Start a job
    ///
    /// Moves a queued job to processing; the caller runs it. With `lease_seconds` the caller gets a
    /// lease, as after a claim, and its token.
    #[oai(path = "/:job_id/start", method = "post", operation_id = "start_job")]
    async fn start_job(
        &self,
        jobs: Acting,
        /// Id of the job.
        job_id: Path<String>,
        seen: IfMatch,
        body: OptionalBody<StartJob>,
    ) -> Result<StartResponse> {
        let StartJob {
            worker_id,
            lease_seconds,
        } = body.0;
        let mut job = match lease_seconds {
            Some(seconds) => {
                jobs.start_job_leased(&job_id.0, worker_id, seconds, seen.0)
                    .await?
            }
            None => jobs.start_job(&job_id.0, worker_id, seen.0).await?,
        };
        let (tag, token) = (etag(job.version), job.lease_token.take());
        let body = JsonBytes::of_change(&StartedJob::new(job, token.clone()))?;
        Ok(StartResponse::Ok(body, tag, token))
    }

    /// Complete a job
    ///
    /// Moves a processing job to completed: sets its progress to 100, clears its error, and counts
    /// all shots as completed. Starts a queued job that its creator runs first. The call may be
    /// repeated under the same lease. If the server has a media folder, the call has a lease token,
    /// and the result names a path under `/media/` that is missing or empty there, the attempt
    /// fails instead, as by `fail`.
    #[oai(
        path = "/:job_id/complete",
        method = "post",
        operation_id = "mark_completed"
    )]
    async fn mark_completed(
        &self,
        jobs: Acting,
        /// Id of the job.
        job_id: Path<String>,
        seen: IfMatch,
        body: OptionalBody<CompleteJob>,
        files: Data<&ResultFiles>,
    ) -> Result<JobResponse> {
        let CompleteJob {
            result,
            lease_token,
        } = body.0;
        let guard = Guard {
            version: seen.0,
            lease: lease_token,
        };
        let result = result.map(members);
        let job = match files.missing(&guard.lease, result.as_ref()).await {
            Some(failure) => jobs.mark_failed(&job_id.0, failure, guard).await?,
            None => jobs.mark_completed(&job_id.0, result, guard).await?,
        };
        answer(job)
    }

    /// Fail a job
    ///
    /// Moves a processing job back to queued, with a backoff, if attempts remain and the error is
    /// retryable; otherwise to failed. If cancelling was requested, the job becomes cancelled. A
    /// queued job that its creator runs is started before. The call may be repeated under the same
    /// lease.
    #[oai(path = "/:job_id/fail", method = "post", operation_id = "mark_failed")]
    async fn mark_failed(
        &self,
        jobs: Acting,
        /// Id of the job.
        job_id: Path<String>,
        seen: IfMatch,
        body: Body<FailJob>,
    ) -> Result<JobResponse> {
        let FailJob {
            error,
            retryable,
            retry_after_seconds,
            lease_token,
        } = body.value;
        let failure = Failure {
            error,
            retryable: retryable.unwrap_or(true),
            retry_after_seconds,
        };
        let job = jobs
            .mark_failed(
                &job_id.0,
                failure,
                Guard {
                    version: seen.0,
                    lease: lease_token,
                },
            )
            .await?;
        answer(job)
    }

    /// Cancel a job
    ///
    /// Cancels a job without a lease at once. If a worker has a lease on the job, requests
    /// cancelling: the worker learns of it with its next heartbeat and has to stop.
    #[oai(path = "/:job_id/cancel", method = "post", operation_id = "cancel_job")]
    async fn cancel_job(
        &self,
        jobs: Acting,
        /// Id of the job.
        job_id: Path<String>,
        seen: IfMatch,
        body: OptionalBody<CancelJob>,
    ) -> Result<JobResponse> {
        let job = jobs.cancel_job(&job_id.0, body.0.reason, seen.0).await?;
        answer(job)
    }

    /// Retry a job
    ///
    /// Moves a failed or cancelled job back to queued, or a processing one whose worker is gone.
    /// Completed items stay completed. A job that its creator ran, or was to run, goes to workers.
    #[oai(path = "/:job_id/retry", method = "post", operation_id = "retry_job")]
    async fn retry_job(
        &self,
        jobs: Acting,
        /// Id of the job.
        job_id: Path<String>,
        seen: IfMatch,
    ) -> Result<JobResponse> {
        let job = jobs.retry_job(&job_id.0, seen.0).await?;
        answer(job)
    }

    /// Recover a job
    ///
    /// Moves a failed job back to queued, or a processing one whose worker is gone, with its
    /// checkpoint: completed and skipped items stay done, and the next attempt does the others. A
    /// job without items keeps its progress. A job that its creator ran, or was to run, goes to
    /// workers.
    #[oai(
        path = "/:job_id/recover",
        method = "post",
        operation_id = "recover_job"
    )]
    async fn recover_job(
        &self,
        jobs: Acting,
        /// Id of the job.
        job_id: Path<String>,
        seen: IfMatch,
    ) -> Result<JobResponse> {
        let job = jobs.recover_job(&job_id.0, seen.0).await?;
        answer(job)
    }

    /// Undo the last change
    ///
    /// Puts back what the job's last change replaced: its status, error, result, time, priority and
    /// attempts. The last change must be a cancel, a retry, or a change of priority, time or
    /// attempts; if anything has changed since, the call is refused. With `If-Match` it undoes only
    /// the change that led to this version.
    #[oai(path = "/:job_id/undo", method = "post", operation_id = "undo_job")]
    async fn undo_job(
        &self,
        jobs: Acting,
        /// Id of the job.
        job_id: Path<String>,
        seen: IfMatch,
    ) -> Result<JobResponse> {
        let job = jobs.undo_job(&job_id.0, seen.0).await?;
        answer(job)
    }
}
