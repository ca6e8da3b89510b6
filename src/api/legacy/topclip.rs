//! The call by which pages of TopClip follow a job.

use super::{
    stores::{Answer, Call, OlderCall, items, kept, with_member},
    times,
};
use crate::{jobs::Permission, legacy_routes::LegacyRoutes};
use entity::{ItemStatus, JobStatus, job};
use futures_util::FutureExt;
use poem::{Result, http::Method};
use serde_json::{Value, json};

pub fn calls() -> Vec<OlderCall> {
    vec![OlderCall {
        set: LegacyRoutes::Topclip,
        id: "legacy_topclip_status",
        method: Method::GET,
        path: "/api/job-status/:job_id",
        needs: Permission::JobsRead,
        handler: |call| status(call).boxed(),
    }]
}

async fn status(call: Call) -> Result<Answer> {
    let now = times::naive(call.jobs.now());
    let job = call.jobs.get_job(&call.id).await.map_err(|error| {
        // This service had an object as the detail of an error.
        let detail = json!({
            "error": "Job not found", "message": error.to_string(), "job_id": call.id, "timestamp": now,
        });
        with_member(error, "detail", detail)
    })?;
    let mut clips = Vec::new();
    if job.status == JobStatus::Completed {
        let made = items(&call.jobs, &job).await?.into_iter();
        let made = made.filter(|item| item.status == ItemStatus::Completed);
        clips = made.filter_map(|item| item.result).collect();
    }
    let text = |name: &str| kept(&job, name).and_then(Value::as_str);
    let body = json!({
        "job_id": job.id,
        "status": word(job.status),
        "progress": job.progress,
        "message": message(&job),
        "current_step": job.current_stage,
        "clips_count": clips.len(),
        "clips": clips,
        "estimated_time_remaining": kept(&job, "estimated_time_remaining"),
        "created_at": times::naive(job.created_at).replace('T', " "),
        "updated_at": times::naive(job.updated_at),
        "user_id": text("user_id"),
        "plan": text("plan").unwrap_or("free"),
        "from_memory": true,
        "api_version": "3.0.0",
        "timestamp": now,
    });
    Ok(body.into())
}

fn word(status: JobStatus) -> String {
    match status {
        JobStatus::Failed => "error".to_owned(),
        other => other.to_string(),
    }
}

/// Returns the message of the job, which has its error if it failed.
fn message(job: &job::Model) -> String {
    if let (JobStatus::Failed, Some(error)) = (job.status, &job.error_message) {
        return format!("Error: {error}");
    }
    let message = kept(job, "message").and_then(Value::as_str);
    let message = message.or(job.current_stage.as_deref());
    message.unwrap_or_default().to_owned()
}
