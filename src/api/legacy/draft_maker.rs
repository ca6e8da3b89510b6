//! Calls by which draft-maker's clients follow, list and recover batches.

use super::{
    jobs as older,
    stores::{Answer, Call, OlderCall, count, items, kept},
    times,
};
use crate::{
    api::problem::Problem,
    jobs::{Filter, JobManager, Permission},
    legacy_routes::LegacyRoutes,
};
use entity::{ItemStatus, JobStatus, job};
use futures_util::FutureExt;
use poem::{Result, http::Method};
use serde_json::{Value, json};

/// Type of the jobs of this service.
const JOB_TYPE: &str = "draftmaker";

pub fn calls() -> Vec<OlderCall> {
    let call = |id, method, path, needs, handler| OlderCall {
        set: LegacyRoutes::DraftMaker,
        id,
        method,
        path,
        needs,
        handler,
    };
    vec![
        call(
            "legacy_draft_maker_status",
            Method::GET,
            "/api/batch/status/:job_id",
            Permission::JobsRead,
            |call| status(call).boxed(),
        ),
        call(
            "legacy_draft_maker_jobs",
            Method::GET,
            "/api/batch/jobs",
            Permission::JobsRead,
            |call| list(call).boxed(),
        ),
        call(
            "legacy_draft_maker_recover",
            Method::POST,
            "/api/batch/recover/:job_id",
            Permission::JobsChange,
            |call| recover(call).boxed(),
        ),
    ]
}

async fn status(call: Call) -> Result<Answer> {
    let job = call.jobs.get_job(&call.id).await?;
    Ok(shown(&call.jobs, job).await?.into())
}

async fn recover(call: Call) -> Result<Answer> {
    match call.jobs.recover_job(&call.id, None).await {
        Ok(job) => Ok(shown(&call.jobs, job).await?.into()),
        // The status that this service had for a job that cannot be recovered.
        Err(error) if error.code() == "job_transition_illegal" => {
            Err(Problem::new("invalid_request", error.to_string()).into())
        }
        Err(error) => Err(error.into()),
    }
}

async fn list(call: Call) -> Result<Answer> {
    let status = match call.parameter("status") {
        None | Some("") => None,
        Some(word) => match JobStatus::all().find(|status| word_of(*status) == word) {
            None => return Ok(page(Vec::new()).into()),
            known => known,
        },
    };
    let filter = Filter {
        status,
        job_type: Some(JOB_TYPE.to_owned()),
        ..Filter::default()
    };
    let limit = call.number("limit", 10);
    let found = older::newest(&call.jobs, &filter, 0, Some(limit)).await?;
    let mut jobs = Vec::new();
    for job in found {
        let mut shown = shown(&call.jobs, job).await?;
        if let Some(members) = shown.as_object_mut() {
            members.remove("results");
        }
        jobs.push(shown);
    }
    Ok(page(jobs).into())
}

fn page(jobs: Vec<Value>) -> Value {
    json!({"total": jobs.len(), "filtered": jobs.len(), "jobs": jobs})
}

async fn shown(jobs: &JobManager, job: job::Model) -> Result<Value> {
    let items = items(jobs, &job).await?;
    let time = |time| format!("{}+00:00", times::naive(time));
    let of_row = usize::try_from(job.completed_shots).unwrap_or_default();
    let successful = if items.is_empty() {
        of_row
    } else {
        count(&items, &[ItemStatus::Completed, ItemStatus::Skipped])
    };
    Ok(json!({
        "job_id": job.id,
        "status": word_of(job.status),
        "gcs_path": kept(&job, "gcs_path").and_then(Value::as_str).or(job.content.as_deref()),
        "started_at": time(job.created_at),
        "completed_at": job.completed_at.map(time),
        "total_upcs": job.total_shots,
        "successful": successful,
        "failed": count(&items, &[ItemStatus::Failed]),
        "error": job.error_message,
        "results": job.result_data,
    }))
}

fn word_of(status: JobStatus) -> &'static str {
    match status {
        JobStatus::Queued => "pending",
        JobStatus::Processing => "running",
        JobStatus::Completed => "completed",
        // This service had no word for a cancelled batch.
        JobStatus::Failed | JobStatus::Cancelled => "failed",
    }
}
