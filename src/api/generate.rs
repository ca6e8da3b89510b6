//! Handlers that create a video job from an idea or a script, for older clients.

use super::{
    Tag,
    auth::Acting,
    body::Body,
    contract::{Bound, CREATE, IDEMPOTENT, Operation, operation},
    dto::{GenerateIdea, GenerateScript, Generated},
    headers::IdempotencyKey,
};
use crate::{
    error::FieldError,
    jobs::{Idempotency, JobManager, NewJob},
};
use poem::Result;
use poem_openapi::{OpenApi, payload::Json};
use serde_json::Value;

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[
    operation("generate_idea2video", CREATE, Bound::Stamped)
        .headers(IDEMPOTENT)
        .codes(&["idempotency_key_reused"]),
    operation("generate_script2video", CREATE, Bound::Stamped)
        .headers(IDEMPOTENT)
        .codes(&["idempotency_key_reused"]),
];

pub struct Generate;

#[OpenApi(prefix_path = "/api/v1/generate", tag = "Tag::Generate")]
impl Generate {
    /// Make a video from an idea
    ///
    /// Adds a job of type `idea2video` to its queue.
    #[oai(
        path = "/idea2video",
        method = "post",
        operation_id = "generate_idea2video"
    )]
    async fn idea2video(
        &self,
        jobs: Acting,
        key: IdempotencyKey,
        body: Body<GenerateIdea>,
    ) -> Result<Json<Generated>> {
        let idempotency = key.of("generate_idea2video", body.text.as_deref());
        let GenerateIdea {
            idea,
            user_requirement,
            style,
            project_title,
            client_id,
        } = body.value;
        let input = Input {
            field: "idea",
            text: idea,
            user_requirement,
            style,
            project_title,
            client_id,
        };
        create(&jobs, input, idempotency).await
    }

    /// Make a video from a script
    ///
    /// Adds a job of type `script2video` to its queue.
    #[oai(
        path = "/script2video",
        method = "post",
        operation_id = "generate_script2video"
    )]
    async fn script2video(
        &self,
        jobs: Acting,
        key: IdempotencyKey,
        body: Body<GenerateScript>,
    ) -> Result<Json<Generated>> {
        let idempotency = key.of("generate_script2video", body.text.as_deref());
        let GenerateScript {
            script,
            user_requirement,
            style,
            project_title,
            client_id,
        } = body.value;
        let input = Input {
            field: "script",
            text: script,
            user_requirement,
            style,
            project_title,
            client_id,
        };
        create(&jobs, input, idempotency).await
    }
}

struct Input {
    /// Name of the request's field, which is also the mode: `idea` or `script`.
    field: &'static str,
    text: String,
    user_requirement: String,
    style: String,
    project_title: Option<String>,
    client_id: Option<String>,
}

async fn create(
    jobs: &JobManager,
    input: Input,
    idempotency: Option<Idempotency>,
) -> Result<Json<Generated>> {
    check_nul(&input)?;
    let request = serde_json::json!({
        input.field: input.text,
        "user_requirement": input.user_requirement,
        "style": input.style,
        "project_title": input.project_title,
    });
    let Value::Object(request) = request else {
        unreachable!("json! returned an object")
    };
    let new = NewJob {
        job_type: format!("{}2video", input.field),
        mode: Some(input.field.to_owned()),
        content: Some(input.text),
        user_requirement: Some(input.user_requirement),
        style: Some(input.style),
        project_title: input.project_title,
        request_data: Some(request),
        client_id: input.client_id,
        ..NewJob::default()
    };
    let job = jobs.create_job(new, idempotency).await?.job;
    Ok(Json(Generated {
        job_id: job.id,
        // A repeated call gets the response of the first one, even if the job has changed
        // since.
        status: super::dto::JobStatus::Queued,
        message: "Video generation job created successfully".to_owned(),
        created_at: job.created_at.into(),
        working_dir: job.working_dir.unwrap_or_default(),
    }))
}

/// Rejects NUL here, because the service would name the job's field, which this client does not
/// know.
fn check_nul(input: &Input) -> Result<()> {
    if !input.text.contains('\0') {
        return Ok(());
    }
    let detail = "Take the NUL character (U+0000) out: no database here can hold it.";
    Err(super::problem::Problem::invalid(vec![FieldError::at(
        format!("/{}", input.field),
        "nul_character",
        detail,
    )])
    .into())
}
