//! Calls by which web2img's clients follow a batch of screenshots and get its results.

use super::{
    stores::{Answer, Call, OlderCall, count, items, with_member},
    times,
};
use crate::{
    jobs::{JobManager, Permission},
    legacy_routes::LegacyRoutes,
};
use chrono::{DateTime, Utc};
use entity::{ItemStatus, JobStatus, job, job_item};
use futures_util::FutureExt;
use poem::{
    Result,
    http::{Method, StatusCode},
};
use serde_json::{Value, json};

pub fn calls() -> Vec<OlderCall> {
    let call = |id, path, handler| OlderCall {
        set: LegacyRoutes::Web2img,
        id,
        method: Method::GET,
        path,
        needs: Permission::JobsRead,
        handler,
    };
    vec![
        call(
            "legacy_web2img_status",
            "/batch/screenshots/:job_id",
            |call| status(call).boxed(),
        ),
        call(
            "legacy_web2img_results",
            "/batch/screenshots/:job_id/results",
            |call| results(call).boxed(),
        ),
    ]
}

async fn find(jobs: &JobManager, id: &str) -> Result<(job::Model, Vec<job_item::Model>)> {
    let job = jobs.get_job(id).await.map_err(|error| {
        let is_missing = error.code() == "job_not_found";
        let error = poem::Error::from(error);
        if is_missing {
            with_member(error, "detail", format!("Batch job not found: {id}"))
        } else {
            error
        }
    })?;
    let items = items(jobs, &job).await?;
    Ok((job, items))
}

async fn status(call: Call) -> Result<Answer> {
    let (job, items) = find(&call.jobs, &call.id).await?;
    let time = |time: DateTime<Utc>| format!("{}+00:00", times::naive(time));
    let run_at = job.run_at.map(time);
    let body = json!({
        "job_id": job.id,
        "status": word(&job, &items, call.jobs.now()),
        "priority": match job.priority {
            1.. => "high",
            0 => "normal",
            _ => "low",
        },
        "total": job.total_shots,
        "completed": count(&items, &[ItemStatus::Completed, ItemStatus::Skipped]),
        "failed": count(&items, &[ItemStatus::Failed]),
        "created_at": time(job.created_at),
        "updated_at": time(job.updated_at),
        "scheduled_time": run_at,
        "recurrence": null,
        "next_scheduled_time": run_at,
        "estimated_completion": null,
    });
    Ok(body.into())
}

async fn results(call: Call) -> Result<Answer> {
    let (job, items) = find(&call.jobs, &call.id).await?;
    if job.status == JobStatus::Processing {
        let detail = json!({"detail": "Batch job is still processing"});
        return Ok(Answer(StatusCode::ACCEPTED, detail));
    }
    let took = job.completed_at.zip(job.started_at);
    let took = took.map(|(end, start)| (end - start).as_seconds_f64());
    let body = json!({
        "job_id": job.id,
        "status": word(&job, &items, call.jobs.now()),
        "total": job.total_shots,
        "succeeded": count(&items, &[ItemStatus::Completed, ItemStatus::Skipped]),
        "failed": count(&items, &[ItemStatus::Failed]),
        "processing_time": took,
        "results": items.iter().map(result).collect::<Vec<_>>(),
    });
    Ok(body.into())
}

/// Returns an item as this service showed it: members without a value are left out.
fn result(item: &job_item::Model) -> Value {
    let mut shown = json!({"id": item.key, "status": match item.status {
        ItemStatus::Pending => "pending",
        ItemStatus::Processing => "processing",
        ItemStatus::Completed | ItemStatus::Skipped => "success",
        ItemStatus::Failed => "error",
    }});
    let result = item.result.as_ref();
    for name in ["url", "cached"] {
        if let Some(value) = result.and_then(|result| result.get(name)) {
            shown[name] = value.clone();
        }
    }
    if let Some(error) = &item.error {
        shown["error"] = error.as_str().into();
    }
    shown
}

fn word(job: &job::Model, items: &[job_item::Model], now: DateTime<Utc>) -> &'static str {
    match job.status {
        JobStatus::Queued if job.run_at.is_some_and(|run_at| run_at > now) => "scheduled",
        JobStatus::Queued => "pending",
        JobStatus::Processing => "processing",
        JobStatus::Completed if count(items, &[ItemStatus::Failed]) > 0 => "completed_with_errors",
        JobStatus::Completed => "completed",
        // This service kept a cancelled batch as a failed one.
        JobStatus::Failed | JobStatus::Cancelled => "failed",
    }
}
