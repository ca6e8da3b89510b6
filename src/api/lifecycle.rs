//! What happens to a job: started, completed, failed, cancelled, retried.

use super::{
    Tag,
    body::{Body, OptionalBody},
    dto::{CancelJob, CompleteJob, FailJob, Job, StartJob, members},
    headers::{IfMatch, etag},
    jobs::{JobAnswer, answer},
    written::Written,
};
use crate::jobs::{Failure, Guard, JobManager};
use poem::Result;
use poem_openapi::{ApiResponse, OpenApi, param::Path};

pub struct Lifecycle(pub JobManager);

#[derive(ApiResponse)]
enum StartedJob {
    /// The job.
    #[oai(status = 200)]
    Ok(
        Written<Job>,
        /// Version of the job, in quotes.
        #[oai(header = "ETag")]
        String,
        /// Token of the lease, when one was asked for.
        #[oai(header = "Lease-Token")]
        Option<String>,
    ),
}

#[OpenApi(prefix_path = "/api/v1/jobs", tag = "Tag::Lifecycle")]
impl Lifecycle {
    /// Start a job
    ///
    /// From queued to processing: the caller runs the job itself. With `lease_seconds` it holds the job under a lease, as after
    /// a claim, and gets its token.
    #[oai(path = "/:job_id/start", method = "post", operation_id = "start_job")]
    async fn start_job(
        &self,
        /// Id of the job.
        job_id: Path<String>,
        seen: IfMatch,
        body: OptionalBody<StartJob>,
    ) -> Result<StartedJob> {
        let StartJob { worker_id, lease_seconds } = body.0;
        let mut job = match lease_seconds {
            Some(seconds) => self.0.start_job_leased(&job_id.0, worker_id, seconds, seen.0).await?,
            None => self.0.start_job(&job_id.0, worker_id, seen.0).await?,
        };
        let (tag, token) = (etag(job.version), job.lease_token.take());
        Ok(StartedJob::Ok(Written::of(&job.into())?, tag, token))
    }

    /// Complete a job
    ///
    /// From processing to completed. Progress becomes 100, the error is cleared, and all shots count as done. May be repeated
    /// under the same lease.
    #[oai(path = "/:job_id/complete", method = "post", operation_id = "mark_completed")]
    async fn mark_completed(
        &self,
        /// Id of the job.
        job_id: Path<String>,
        seen: IfMatch,
        body: OptionalBody<CompleteJob>,
    ) -> Result<JobAnswer> {
        let CompleteJob { result, lease_token } = body.0;
        let guard = Guard { version: seen.0, lease: lease_token };
        let job = self.0.mark_completed(&job_id.0, result.map(members), guard).await?;
        answer(job)
    }

    /// Fail a job
    ///
    /// From processing back to queued, with a wait, while attempts remain and the error is retryable; else to failed.
    /// To cancelled when that was asked for. May be repeated under the same lease.
    #[oai(path = "/:job_id/fail", method = "post", operation_id = "mark_failed")]
    async fn mark_failed(
        &self,
        /// Id of the job.
        job_id: Path<String>,
        seen: IfMatch,
        body: Body<FailJob>,
    ) -> Result<JobAnswer> {
        let FailJob { error, retryable, retry_after_seconds, lease_token } = body.value;
        let failure = Failure { error, retryable: retryable.unwrap_or(true), retry_after_seconds };
        let job = self.0.mark_failed(&job_id.0, failure, Guard { version: seen.0, lease: lease_token }).await?;
        answer(job)
    }

    /// Cancel a job
    ///
    /// A job that nobody holds under a lease is cancelled at once; else its worker is told to let go.
    #[oai(path = "/:job_id/cancel", method = "post", operation_id = "cancel_job")]
    async fn cancel_job(
        &self,
        /// Id of the job.
        job_id: Path<String>,
        seen: IfMatch,
        body: OptionalBody<CancelJob>,
    ) -> Result<JobAnswer> {
        let job = self.0.cancel_job(&job_id.0, body.0.reason, seen.0).await?;
        answer(job)
    }

    /// Retry a job
    ///
    /// From failed or cancelled back to queued; also from processing when its process is gone. Items that are done stay done.
    #[oai(path = "/:job_id/retry", method = "post", operation_id = "retry_job")]
    async fn retry_job(
        &self,
        /// Id of the job.
        job_id: Path<String>,
        seen: IfMatch,
    ) -> Result<JobAnswer> {
        let job = self.0.retry_job(&job_id.0, seen.0).await?;
        answer(job)
    }

    /// Recover a job
    ///
    /// From failed back to queued, or from processing when its process is gone, with its checkpoint: items that are done stay
    /// done, the others are to be done again; a job without items keeps its progress.
    #[oai(path = "/:job_id/recover", method = "post", operation_id = "recover_job")]
    async fn recover_job(
        &self,
        /// Id of the job.
        job_id: Path<String>,
        seen: IfMatch,
    ) -> Result<JobAnswer> {
        let job = self.0.recover_job(&job_id.0, seen.0).await?;
        answer(job)
    }
}
