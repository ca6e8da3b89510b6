//! Workers: they claim jobs, say that they are still there, let go of jobs, and report outcomes.

use super::{
    Tag,
    body::{Body, OptionalBody},
    dto::{
        ClaimJobs, ClaimedJob, ClaimedJobs, HeartbeatAnswer, OutcomeAnswer, Outcomes, ReleaseJob, ReportOutcomes,
        SendHeartbeat,
    },
    headers::IfMatch,
    jobs::{JobAnswer, answer},
};
use crate::jobs::{Guard, JobManager};
use poem::Result;
use poem_openapi::{OpenApi, param::Path, payload::Json};

pub struct Claims(pub JobManager);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Workers")]
impl Claims {
    /// Claim jobs
    ///
    /// Gives the worker the jobs that come first, each under a lease: higher priority, then earlier due, then earlier created.
    /// No job is given twice. With `wait_seconds` the call is held until there is a job.
    #[oai(path = "/claims", method = "post", operation_id = "claim_jobs")]
    async fn claim_jobs(&self, body: Body<ClaimJobs>) -> Result<Json<ClaimedJobs>> {
        // The body is not kept while the call waits: it may be a megabyte of blanks.
        let claim = body.into_value().into();
        let claimed = self.0.claim_jobs(claim).await?;
        Ok(Json(ClaimedJobs { jobs: claimed.into_iter().filter_map(ClaimedJob::of).collect() }))
    }

    /// Send a heartbeat
    ///
    /// Extends the lease of a job, takes what is reported with it, all or none of it, and says whether the worker is to let go.
    #[oai(path = "/jobs/:job_id/heartbeat", method = "post", operation_id = "heartbeat")]
    async fn heartbeat(
        &self,
        /// Id of the job.
        job_id: Path<String>,
        body: Body<SendHeartbeat>,
    ) -> Result<Json<HeartbeatAnswer>> {
        let token = body.value.lease_token.clone();
        Ok(Json(self.0.heartbeat(&job_id.0, &token, body.value.into()).await?.into()))
    }

    /// Release a job
    ///
    /// From processing back to queued, and the attempt does not count: for a worker that stops. When the job's cancelling
    /// was asked for it ends as cancelled.
    #[oai(path = "/jobs/:job_id/release", method = "post", operation_id = "release_job")]
    async fn release_job(
        &self,
        /// Id of the job.
        job_id: Path<String>,
        seen: IfMatch,
        body: OptionalBody<ReleaseJob>,
    ) -> Result<JobAnswer> {
        let job = self.0.release_job(&job_id.0, Guard { version: seen.0, lease: body.0.lease_token }).await?;
        answer(job)
    }

    /// Report outcomes
    ///
    /// How the attempts of up to 1,000 jobs ended. Each is taken or refused by itself, in order; those that are taken
    /// are one transaction.
    #[oai(path = "/outcomes", method = "post", operation_id = "report_outcomes")]
    async fn report_outcomes(&self, body: Body<ReportOutcomes>) -> Result<Json<Outcomes>> {
        let outcomes = body.value.outcomes.into_iter().map(Into::into).collect();
        let answers = self.0.report_outcomes(outcomes).await?;
        let outcomes = answers.into_iter().map(|(id, outcome)| OutcomeAnswer::of(Some(id), outcome)).collect();
        Ok(Json(Outcomes { outcomes }))
    }
}
