//! Calls of the unified video API, which came after the direct pipeline.

use super::{
    super::contract::{
        Bound, CREATE, DELETE, IDEMPOTENT, OLDER_CREATE, Operation, READ, operation,
    },
    jobs, times,
};
use crate::{
    api::{
        Tag,
        auth::Acting,
        body::Body,
        dto::{
            Deleted, JobStatus,
            legacy::{GenerateVideo, Video, VideoCreated, VideoHealth, VideoMode},
        },
        headers::IdempotencyKey,
        problem::Problem,
    },
    error::FieldError,
    jobs::{Filter, NewJob},
};
use entity::job;
use poem::Result;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
    payload::Json,
};
use serde_json::json;

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[
    operation("legacy_generate_video", CREATE, Bound::Stamped)
        .headers(IDEMPOTENT)
        .codes(OLDER_CREATE),
    operation("legacy_get_video_job", READ, Bound::Job).codes(&["job_not_found"]),
    operation("legacy_list_video_jobs", READ, Bound::Jobs),
    operation("legacy_delete_video_job", DELETE, Bound::Job).codes(&["job_not_found"]),
    operation("legacy_video_health", READ, Bound::Jobs),
];

/// Minimum number of characters of a script.
const MIN_SCRIPT_CHARS: usize = 50;

/// Calls that this API replaced when it was new.
const REPLACED: [&str; 4] = [
    "/api/v1/generate/idea2video",
    "/api/v1/generate/script2video",
    "/api/v1/direct-pipeline/idea2video",
    "/api/v1/direct-pipeline/script2video",
];

pub struct Videos;

#[OpenApi(prefix_path = "/api/v1/videos", tag = "Tag::Legacy")]
impl Videos {
    /// Make a video
    ///
    /// Adds a job of type `idea2video` or `script2video` to its queue, or of type `conversational`
    /// with `use_conversational_workflow`. With a series and an episode number, the job belongs to
    /// that episode, which is created if it is missing.
    #[oai(
        path = "/generate",
        method = "post",
        operation_id = "legacy_generate_video",
        deprecated
    )]
    async fn generate(
        &self,
        service: Acting,
        key: IdempotencyKey,
        body: Body<GenerateVideo>,
    ) -> Result<Json<VideoCreated>> {
        let idempotency = key.of("legacy_generate_video", body.text.as_deref());
        let asked = body.value;
        check_script(&asked)?;
        jobs::check_nul("content", &asked.content)?;
        let mode = asked.mode.word();
        let conversational = asked.use_conversational_workflow.unwrap_or(false);
        let new = NewJob {
            job_type: if conversational {
                "conversational".to_owned()
            } else {
                format!("{mode}2video")
            },
            mode: Some(mode.to_owned()),
            request_data: jobs::request(json!({
                "mode": mode,
                "content": asked.content,
                "user_requirement": asked.user_requirement,
                "style": asked.style,
                "title": asked.title,
                "series_id": asked.series_id,
                "episode_number": asked.episode_number,
            })),
            content: Some(asked.content),
            user_requirement: asked.user_requirement,
            style: asked.style,
            project_title: asked.title,
            ..NewJob::default()
        };
        let (series, number) = (asked.series_id, asked.episode_number);
        let job = jobs::create(&service, new, series, number, idempotency).await?;
        Ok(Json(VideoCreated {
            job_id: job.id,
            // A repeated call gets the response of the first one.
            status: JobStatus::Queued,
            message: "Video generation job created successfully".to_owned(),
            mode: asked.mode,
            episode_id: job.episode_id,
            created_at: times::zulu(job.created_at),
            working_dir: job.working_dir,
            deprecated_endpoints: REPLACED.map(str::to_owned).to_vec(),
        }))
    }

    /// Get a video job
    ///
    /// Returns the job. A job without a mode has the one that its type implies.
    #[oai(
        path = "/jobs/:job_id",
        method = "get",
        operation_id = "legacy_get_video_job",
        deprecated
    )]
    async fn get_job(
        &self,
        service: Acting,
        /// Id of the job.
        job_id: Path<String>,
    ) -> Result<Json<Video>> {
        Ok(Json(shown(service.get_job(&job_id.0).await?)))
    }

    /// List video jobs
    ///
    /// Returns the newest jobs that match, at most 1,000, as a bare array.
    #[oai(
        path = "/jobs",
        method = "get",
        operation_id = "legacy_list_video_jobs",
        deprecated
    )]
    async fn list_jobs(
        &self,
        service: Acting,
        /// Only jobs with this mode.
        mode: Query<Option<String>>,
        /// Only jobs with this status.
        status: Query<Option<JobStatus>>,
        /// Maximum number of jobs; 50 by default, and 1,000 for a larger number.
        #[oai(validator(minimum(value = "1")))]
        limit: Query<Option<u64>>,
        /// Number of jobs to skip.
        offset: Query<Option<u64>>,
    ) -> Result<Json<Vec<Video>>> {
        let filter = Filter {
            status: status.0.map(Into::into),
            mode: mode.0,
            ..Filter::default()
        };
        let limit = jobs::checked_limit(limit.0)?;
        let offset = offset.0.unwrap_or(0);
        let found = jobs::newest(&service, &filter, offset, limit).await?;
        Ok(Json(found.into_iter().map(shown).collect()))
    }

    /// Delete a video job
    ///
    /// Deletes the job with its items and its history, whatever its status. This cannot be undone.
    #[oai(
        path = "/jobs/:job_id",
        method = "delete",
        operation_id = "legacy_delete_video_job",
        deprecated
    )]
    async fn delete_job(
        &self,
        service: Acting,
        /// Id of the job.
        job_id: Path<String>,
    ) -> Result<Json<Deleted>> {
        service.delete_job(&job_id.0, None).await?;
        Ok(Json(Deleted {
            message: "Job deleted successfully".to_owned(),
            job_id: job_id.0,
        }))
    }

    /// Health of the video API
    ///
    /// Reports whether the server responds, and its number of jobs.
    #[oai(
        path = "/health",
        method = "get",
        operation_id = "legacy_video_health",
        deprecated
    )]
    async fn health(&self, service: Acting) -> Result<Json<VideoHealth>> {
        let counts = service.count_jobs(&Filter::default()).await?;
        Ok(Json(VideoHealth {
            status: "healthy".to_owned(),
            total_jobs: counts.total(),
            active_jobs: counts.queued.saturating_add(counts.processing),
        }))
    }
}

/// Refuses a script that is too short; the schema has the lower limit of both modes.
fn check_script(asked: &GenerateVideo) -> Result<()> {
    let chars = asked.content.chars().count();
    if asked.mode != VideoMode::Script || chars >= MIN_SCRIPT_CHARS {
        return Ok(());
    }
    let detail = format!("Use a script of at least {MIN_SCRIPT_CHARS} characters; it has {chars}.");
    let field = FieldError::at("/content", "too_short", detail);
    Err(Problem::invalid(vec![field]).into())
}

fn shown(job: job::Model) -> Video {
    Video {
        mode: jobs::mode(&job),
        video_path: jobs::video_path(&job),
        total_shots: jobs::total_shots(&job),
        job_id: job.id,
        status: job.status.into(),
        progress: job.progress,
        current_stage: job.current_stage,
        working_dir: job.working_dir,
        error: job.error_message,
        error_details: None,
        created_at: times::zulu(job.created_at),
        updated_at: times::zulu(job.updated_at),
        completed_at: job.completed_at.map(times::zulu),
        episode_id: job.episode_id,
        title: job.project_title,
    }
}
