//! Calls of the direct pipeline: jobs that are pending or running, with progress as a fraction.

mod shown;

use super::{
    super::contract::{
        Bound, CHANGE, CREATE, IDEMPOTENT, OLDER_CREATE, Operation, READ, operation,
    },
    jobs, times,
};
use crate::{
    api::{
        Tag,
        auth::Acting,
        body::Body,
        dto::legacy::{
            PipelineCancelled, PipelineCreated, PipelineIdea, PipelineJob, PipelineScript,
        },
        headers::IdempotencyKey,
        problem::Problem,
    },
    jobs::{Filter, Idempotency, JobManager, NewJob, no_nul_parameter},
};
use entity::{JobStatus, job};
use poem::Result;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
    payload::Json,
};
use serde_json::json;
use shown::{shown, status_of};

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[
    operation("legacy_pipeline_idea2video", CREATE, Bound::Stamped)
        .headers(IDEMPOTENT)
        .codes(OLDER_CREATE),
    operation("legacy_pipeline_script2video", CREATE, Bound::Stamped)
        .headers(IDEMPOTENT)
        .codes(OLDER_CREATE),
    operation("legacy_get_pipeline_job", READ, Bound::Job).codes(&["job_not_found"]),
    operation("legacy_list_pipeline_jobs", READ, Bound::Jobs),
    operation("legacy_cancel_pipeline_job", CHANGE, Bound::Job)
        .codes(&["job_not_found", "counter_exhausted"]),
];

pub struct DirectPipeline;

#[OpenApi(prefix_path = "/api/v1/direct-pipeline", tag = "Tag::Legacy")]
impl DirectPipeline {
    /// Make a video from an idea (direct pipeline)
    ///
    /// Adds a job of type `idea2video` to its queue. With a series and an episode number, the job
    /// belongs to that episode, which is created if it is missing.
    #[oai(
        path = "/idea2video",
        method = "post",
        operation_id = "legacy_pipeline_idea2video",
        deprecated
    )]
    async fn idea2video(
        &self,
        service: Acting,
        key: IdempotencyKey,
        body: Body<PipelineIdea>,
    ) -> Result<Json<PipelineCreated>> {
        let idempotency = key.of("legacy_pipeline_idea2video", body.text.as_deref());
        let asked = body.value;
        let input = Input {
            field: "idea",
            text: asked.idea,
            user_requirement: asked.user_requirement,
            style: asked.style,
            series_id: asked.series_id,
            episode_number: asked.episode_number,
            title: asked.title,
        };
        self.create(&service, input, idempotency).await
    }

    /// Make a video from a script (direct pipeline)
    ///
    /// Adds a job of type `script2video` to its queue. With a series and an episode number, the job
    /// belongs to that episode, which is created if it is missing.
    #[oai(
        path = "/script2video",
        method = "post",
        operation_id = "legacy_pipeline_script2video",
        deprecated
    )]
    async fn script2video(
        &self,
        service: Acting,
        key: IdempotencyKey,
        body: Body<PipelineScript>,
    ) -> Result<Json<PipelineCreated>> {
        let idempotency = key.of("legacy_pipeline_script2video", body.text.as_deref());
        let asked = body.value;
        let input = Input {
            field: "script",
            text: asked.script,
            user_requirement: asked.user_requirement,
            style: asked.style,
            series_id: asked.series_id,
            episode_number: asked.episode_number,
            title: asked.title,
        };
        self.create(&service, input, idempotency).await
    }

    /// Get a job (direct pipeline)
    ///
    /// Returns the job with the words of the direct pipeline: `pending` and `running`, and a
    /// progress from 0 to 1.
    #[oai(
        path = "/job/:job_id",
        method = "get",
        operation_id = "legacy_get_pipeline_job",
        deprecated
    )]
    async fn get_job(
        &self,
        service: Acting,
        /// Id of the job.
        job_id: Path<String>,
    ) -> Result<Json<PipelineJob>> {
        Ok(Json(shown(service.get_job(&job_id.0).await?)))
    }

    /// List jobs (direct pipeline)
    ///
    /// Returns the newest jobs that match, at most 1,000, as a bare array.
    #[oai(
        path = "/jobs",
        method = "get",
        operation_id = "legacy_list_pipeline_jobs",
        deprecated
    )]
    async fn list_jobs(
        &self,
        service: Acting,
        /// Only jobs of this type, e.g. `idea2video`.
        pipeline_type: Query<Option<String>>,
        /// Only jobs with this status: `pending`, `running`, `completed`, `failed` or `cancelled`.
        /// Another word matches no job.
        status: Query<Option<String>>,
        /// Maximum number of jobs; 50 by default, and 1,000 for a larger number.
        #[oai(validator(minimum(value = "1")))]
        limit: Query<Option<u64>>,
    ) -> Result<Json<Vec<PipelineJob>>> {
        let limit = jobs::checked_limit(limit.0)?;
        let word = status.0.as_deref();
        no_nul_parameter("status", word.unwrap_or_default())?;
        let status = word.and_then(status_of);
        if word.is_some() && status.is_none() {
            return Ok(Json(Vec::new()));
        }
        let filter = Filter {
            status,
            job_type: pipeline_type.0,
            ..Filter::default()
        };
        let found = jobs::newest(&service, &filter, 0, limit).await?;
        Ok(Json(found.into_iter().map(shown).collect()))
    }

    /// Cancel a job (direct pipeline)
    ///
    /// Cancels a job that has not ended; the job stays. A job under a lease is cancelled when its
    /// worker learns of it. A cancelled job may be cancelled again.
    #[oai(
        path = "/job/:job_id",
        method = "delete",
        operation_id = "legacy_cancel_pipeline_job",
        deprecated
    )]
    async fn cancel_job(
        &self,
        service: Acting,
        /// Id of the job.
        job_id: Path<String>,
    ) -> Result<Json<PipelineCancelled>> {
        let job = service.get_job(&job_id.0).await?;
        if job.status != JobStatus::Cancelled {
            let cancelled = service.cancel_job(&job_id.0, None, None).await;
            cancelled.map_err(|error| refused(error, &job))?;
        }
        Ok(Json(PipelineCancelled {
            message: "Job cancelled successfully".to_owned(),
            job_id: job_id.0,
        }))
    }
}

/// Converts the refusal to cancel a job that has ended to the status of the older service, 400.
fn refused(error: crate::error::Error, job: &job::Model) -> Problem {
    if error.code() != "job_transition_illegal" {
        return error.into();
    }
    let detail = format!("Cannot cancel a job that is {}: it has ended.", job.status);
    Problem::new("invalid_request", detail)
}

struct Input {
    /// Name of the request's field, which is also the mode: `idea` or `script`.
    field: &'static str,
    text: String,
    user_requirement: String,
    style: String,
    series_id: Option<String>,
    episode_number: Option<i32>,
    title: Option<String>,
}

impl DirectPipeline {
    async fn create(
        &self,
        service: &JobManager,
        input: Input,
        idempotency: Option<Idempotency>,
    ) -> Result<Json<PipelineCreated>> {
        jobs::check_nul(input.field, &input.text)?;
        let pipeline_type = format!("{}2video", input.field);
        let new = NewJob {
            job_type: pipeline_type.clone(),
            mode: Some(input.field.to_owned()),
            request_data: jobs::request(json!({
                input.field: input.text,
                "user_requirement": input.user_requirement,
                "style": input.style,
                "series_id": input.series_id,
                "episode_number": input.episode_number,
                "title": input.title,
            })),
            content: Some(input.text),
            user_requirement: Some(input.user_requirement),
            style: Some(input.style),
            project_title: input.title,
            ..NewJob::default()
        };
        let (series, number) = (input.series_id, input.episode_number);
        let job = jobs::create(service, new, series, number, idempotency).await?;
        Ok(Json(PipelineCreated {
            message: format!("{pipeline_type} job created successfully"),
            job_id: job.id,
            episode_id: job.episode_id,
            // A repeated call gets the response of the first one.
            status: "pending".to_owned(),
            pipeline_type,
            created_at: times::naive(job.created_at),
        }))
    }
}
