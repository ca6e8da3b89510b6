//! Handlers of progress reports on a whole job, and its list of shots.

use super::{
    Tag,
    body::Body,
    dto::{ReportProgress, ReportShots, ShotList},
    headers::IfMatch,
    jobs::{JobResponse, answer},
    json_bytes::JsonBytes,
};
use crate::jobs::{Guard, JobManager, Progress};
use poem::Result;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

pub struct Reports(pub JobManager);

#[OpenApi(prefix_path = "/api/v1/jobs")]
impl Reports {
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
        let job = self
            .0
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
        let job = self
            .0
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
        /// Id of the job.
        job_id: Path<String>,
        /// Only shots after this position: `next_after` of the previous response.
        after: Query<Option<i32>>,
    ) -> Result<JsonBytes<ShotList>> {
        let (job, shots, next_after) = self.0.list_shots(&job_id.0, after.0).await?;
        let total_shots = i32::try_from(shots.len())
            .unwrap_or(i32::MAX)
            .max(job.total_shots);
        let shots = shots.into_iter().map(Into::into).collect();
        JsonBytes::json(&ShotList {
            job_id: job.id,
            total_shots,
            shots,
            next_after,
        })
    }
}
