//! Handlers of the calls of workers: claims, heartbeats, releases and outcomes.

use super::{
    Tag,
    auth::{Acting, lease_of},
    body::{Body, MaxBodyBytes, OptionalBody},
    contract::{Bound, CLAIM, CONDITIONAL, Operation, REPORT, operation},
    dto::{
        ClaimJobs, ClaimedJob, ClaimedJobs, HeartbeatAnswer, OutcomeAnswer, Outcomes, ReleaseJob,
        ReportOutcomes, SendHeartbeat,
    },
    headers::IfMatch,
    jobs::{JobResponse, answer},
    json_bytes::JsonBytes,
    results::ResultFiles,
};
use crate::jobs::{AttemptReport, Ending, Guard};
use poem::{Request, Result, web::Data};
use poem_openapi::{OpenApi, param::Path, payload::Json};

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[
    operation("claim_jobs", CLAIM, Bound::Jobs),
    operation("heartbeat", REPORT, Bound::Job).codes(&[
        "job_not_found",
        "item_not_found",
        "lease_lost",
        "shots_counted_from_items",
        "shots_exceed_total",
        "item_conflict",
        "counter_exhausted",
    ]),
    operation("release_job", REPORT, Bound::Job)
        .headers(CONDITIONAL)
        .codes(&[
            "job_not_found",
            "job_transition_illegal",
            "lease_lost",
            "version_mismatch",
            "counter_exhausted",
        ]),
    operation("report_outcomes", REPORT, Bound::Jobs),
];

pub struct Claims;

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Workers")]
impl Claims {
    /// Claim jobs
    ///
    /// Gives the worker the next jobs, each under a lease: those with a higher priority first, then
    /// those due earlier, then those created earlier. No job goes to two workers. With
    /// `wait_seconds` the server holds the response until a job is due.
    #[oai(path = "/claims", method = "post", operation_id = "claim_jobs")]
    async fn claim_jobs(
        &self,
        jobs: Acting,
        body: Body<ClaimJobs>,
        limit: Data<&MaxBodyBytes>,
    ) -> Result<JsonBytes<ClaimedJobs>> {
        let max_body_bytes = limit.0.0 as u64;
        let waits = body.value.wait_seconds.is_some_and(|seconds| seconds > 0);
        let caller = jobs.caller().filter(|_| waits);
        let _place = caller.map(|caller| caller.limits.wait()).transpose()?;
        // A waiting call must not hold its body in memory: it may be a megabyte of blanks.
        let claimed = jobs.claim_jobs(body.into_value().into()).await?;
        let claimed = ClaimedJobs {
            jobs: claimed.into_iter().filter_map(ClaimedJob::of).collect(),
            max_body_bytes,
        };
        Ok(JsonBytes::of_changes(claimed.to_text().into()))
    }

    /// Send a heartbeat
    ///
    /// Extends the lease of a job, applies the reports in the call (all or none), and returns
    /// whether cancelling was requested.
    #[oai(
        path = "/jobs/:job_id/heartbeat",
        method = "post",
        operation_id = "heartbeat"
    )]
    async fn heartbeat(
        &self,
        jobs: Acting,
        /// Id of the job.
        job_id: Path<String>,
        body: Body<SendHeartbeat>,
        request: &Request,
    ) -> Result<Json<HeartbeatAnswer>> {
        let given = Some(body.value.lease_token.clone());
        let token = lease_of(request, given).unwrap_or_default();
        Ok(Json(
            jobs.heartbeat(&job_id.0, &token, body.value.into())
                .await?
                .into(),
        ))
    }

    /// Release a job
    ///
    /// Moves a processing job back to queued without counting the attempt, for a worker that stops.
    /// If cancelling was requested, the job becomes cancelled. A job that its creator runs goes to
    /// workers, even if it was not started.
    #[oai(
        path = "/jobs/:job_id/release",
        method = "post",
        operation_id = "release_job"
    )]
    async fn release_job(
        &self,
        jobs: Acting,
        /// Id of the job.
        job_id: Path<String>,
        seen: IfMatch,
        body: OptionalBody<ReleaseJob>,
    ) -> Result<JobResponse> {
        let job = jobs
            .release_job(
                &job_id.0,
                Guard {
                    version: seen.0,
                    lease: body.0.lease_token,
                },
            )
            .await?;
        answer(job)
    }

    /// Report outcomes
    ///
    /// Reports how the attempts of up to 1,000 jobs ended. The server accepts or refuses each
    /// outcome separately, in order, and writes the accepted ones in one transaction.
    #[oai(path = "/outcomes", method = "post", operation_id = "report_outcomes")]
    async fn report_outcomes(
        &self,
        jobs: Acting,
        body: Body<ReportOutcomes>,
        files: Data<&ResultFiles>,
    ) -> Result<Json<Outcomes>> {
        let mut outcomes: Vec<AttemptReport> =
            body.value.outcomes.into_iter().map(Into::into).collect();
        for outcome in &mut outcomes {
            if let Ending::Completed { result } = &outcome.ending
                && let Some(failure) = files.missing(&outcome.lease_token, result.as_ref()).await
            {
                outcome.ending = Ending::Failed(failure);
            }
        }
        let answers = jobs.report_outcomes(outcomes).await?;
        let outcomes = answers
            .into_iter()
            .map(|(id, outcome)| OutcomeAnswer::of(Some(id), outcome))
            .collect();
        Ok(Json(Outcomes { outcomes }))
    }
}
