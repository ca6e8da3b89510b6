//! Handlers of progress reports on a whole job, and its list of shots.

use super::{
    Tag,
    auth::Acting,
    body::Body,
    contract::{Bound, CONDITIONAL, Operation, READ, REPORT, operation},
    dto::{JobProgress, ReportProgress, ReportShots, ShotList},
    headers::IfMatch,
    jobs::{JobResponse, answer},
    json_bytes::JsonBytes,
    paging,
};
use crate::jobs::{Guard, Progress};
use poem::Result;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
    payload::Json,
};

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[
    operation("get_progress", READ, Bound::Job).codes(&["job_not_found"]),
    operation("update_progress", REPORT, Bound::Job)
        .headers(CONDITIONAL)
        .codes(&[
            "job_not_found",
            "job_not_processing",
            "lease_lost",
            "version_mismatch",
            "counter_exhausted",
        ]),
    operation("update_shots", REPORT, Bound::Job)
        .headers(CONDITIONAL)
        .codes(&[
            "job_not_found",
            "job_not_processing",
            "lease_lost",
            "shots_counted_from_items",
            "shots_exceed_total",
            "version_mismatch",
            "counter_exhausted",
        ]),
    operation("list_shots", READ, Bound::Job).codes(&["job_not_found"]),
];

pub struct Reports;

#[OpenApi(prefix_path = "/api/v1/jobs")]
impl Reports {
    /// Get progress
    ///
    /// Returns the status, the percentage, the stage and the counts of shots of a job, without the
    /// rest of it.
    #[oai(
        path = "/:job_id/progress",
        method = "get",
        operation_id = "get_progress",
        tag = "Tag::Lifecycle"
    )]
    async fn get_progress(
        &self,
        jobs: Acting,
        /// Id of the job.
        job_id: Path<String>,
    ) -> Result<Json<JobProgress>> {
        Ok(Json(jobs.get_job(&job_id.0).await?.into()))
    }

    /// Report progress
    ///
    /// Sets the percentage, the stage, or both, of a processing job.
    #[oai(
        path = "/:job_id/progress",
        method = "put",
        operation_id = "update_progress",
        tag = "Tag::Lifecycle"
    )]
    async fn update_progress(
        &self,
        jobs: Acting,
        /// Id of the job.
        job_id: Path<String>,
        seen: IfMatch,
        body: Body<ReportProgress>,
    ) -> Result<JobResponse> {
        let ReportProgress {
            progress,
            current_stage,
            lease_token,
        } = body.value;
        let guard = Guard {
            version: seen.0,
            lease: lease_token,
        };
        let job = jobs
            .update_progress(
                &job_id.0,
                Progress {
                    progress,
                    current_stage,
                },
                guard,
            )
            .await?;
        answer(job)
    }

    /// Report counts of shots
    ///
    /// Sets the counts of shots of a processing job. As soon as the total is known, the server
    /// calculates the progress from the counts.
    #[oai(
        path = "/:job_id/shots",
        method = "put",
        operation_id = "update_shots",
        tag = "Tag::Lifecycle"
    )]
    async fn update_shots(
        &self,
        jobs: Acting,
        /// Id of the job.
        job_id: Path<String>,
        seen: IfMatch,
        body: Body<ReportShots>,
    ) -> Result<JobResponse> {
        let ReportShots {
            total_shots,
            completed_shots,
            lease_token,
        } = body.value;
        let guard = Guard {
            version: seen.0,
            lease: lease_token,
        };
        let job = jobs
            .update_shots(&job_id.0, total_shots, completed_shots, guard)
            .await?;
        answer(job)
    }

    /// List shots
    ///
    /// Returns the items of the job as older clients know them: all of them, or as many as fit into
    /// 8 MiB.
    #[oai(
        path = "/:job_id/shots",
        method = "get",
        operation_id = "list_shots",
        tag = "Tag::Items"
    )]
    async fn list_shots(
        &self,
        jobs: Acting,
        /// Id of the job.
        job_id: Path<String>,
        /// `next_cursor` of the previous response.
        cursor: Query<Option<String>>,
        /// Same as `cursor`, for older clients: only shots after this position.
        after: Query<Option<i32>>,
    ) -> Result<JsonBytes<ShotList>> {
        let after = paging::after_index(cursor.0, after.0)?;
        let (job, shots, next_after) = jobs.list_shots(&job_id.0, after).await?;
        let total_shots = i32::try_from(shots.len())
            .unwrap_or(i32::MAX)
            .max(job.total_shots);
        let shots = shots.into_iter().map(Into::into).collect();
        let next_cursor = next_after.map(|next| next.to_string());
        let list = ShotList {
            job_id: job.id,
            total_shots,
            shots,
            next_after,
            has_more: next_cursor.is_some(),
            next_cursor: next_cursor.clone(),
        };
        Ok(JsonBytes::json(&list)?.followed_by(next_cursor))
    }
}
