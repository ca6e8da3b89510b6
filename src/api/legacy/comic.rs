//! Calls by which the pages of the comic service list, follow and cancel jobs, and remember the one
//! that they show.

use super::{
    jobs as older,
    stores::{Answer, Call, OlderCall, count, items, with_member},
};
use crate::{
    api::problem::Problem,
    error::Error,
    jobs::{Filter, Permission},
    legacy_routes::LegacyRoutes,
};
use chrono::{DateTime, Utc};
use entity::{ItemStatus, job, job_item};
use futures_util::FutureExt;
use poem::{Result, http::Method};
use serde_json::{Value, json};

/// Type of the jobs of this service, and the client whose active job its pages show.
const COMIC: &str = "comic";

pub fn calls() -> Vec<OlderCall> {
    let call = |id, method, path, needs, handler| OlderCall {
        set: LegacyRoutes::Comic,
        id,
        method,
        path,
        needs,
        handler,
    };
    let (read, active) = (Permission::JobsRead, Permission::ActiveWrite);
    let active_job = "/api/active-job";
    vec![
        call(
            "legacy_comic_jobs",
            Method::GET,
            "/api/jobs",
            read,
            |call| list(call).boxed(),
        ),
        call(
            "legacy_comic_job",
            Method::GET,
            "/api/jobs/:job_id",
            read,
            |call| get(call).boxed(),
        ),
        call(
            "legacy_comic_cancel",
            Method::POST,
            "/api/jobs/:job_id/cancel",
            Permission::JobsChange,
            |call| cancel(call).boxed(),
        ),
        call(
            "legacy_comic_active_job",
            Method::GET,
            active_job,
            read,
            |call| show_active(call).boxed(),
        ),
        call(
            "legacy_comic_set_active_job",
            Method::POST,
            active_job,
            active,
            |call| set_active(call).boxed(),
        ),
        call(
            "legacy_comic_remove_active_job",
            Method::DELETE,
            active_job,
            active,
            |call| remove_active(call).boxed(),
        ),
    ]
}

/// Statuses of items that are processed.
const PROCESSED: [ItemStatus; 3] = [
    ItemStatus::Completed,
    ItemStatus::Skipped,
    ItemStatus::Failed,
];

async fn list(call: Call) -> Result<Answer> {
    let filter = Filter {
        job_type: Some(COMIC.to_owned()),
        ..Filter::default()
    };
    let found = older::newest(&call.jobs, &filter, 0, Some(u64::MAX)).await?;
    let mut jobs = Vec::new();
    for job in found {
        let items = items(&call.jobs, &job).await?;
        jobs.push(summary(&job, &items));
    }
    Ok(json!({ "jobs": jobs }).into())
}

async fn get(call: Call) -> Result<Answer> {
    let job = call.jobs.get_job(&call.id).await.map_err(problem)?;
    let items = items(&call.jobs, &job).await?;
    let (processed, total) = (count(&items, &PROCESSED), job.total_shots);
    let mut shown = summary(&job, &items);
    shown["progress"] = if total > 0 {
        json!(processed as f64 / f64::from(total))
    } else {
        json!(0.0)
    };
    let ended = items.iter().filter(|item| PROCESSED.contains(&item.status));
    shown["results"] = ended.map(result).collect();
    shown["error"] = json!(job.error_message);
    Ok(shown.into())
}

async fn cancel(call: Call) -> Result<Answer> {
    match call.jobs.cancel_job(&call.id, None, None).await {
        Ok(_) => Ok(json!({"success": true}).into()),
        // The status that this service had for a job that has ended.
        Err(error) if error.code() == "job_transition_illegal" => {
            let detail = error.to_string();
            let refused = Problem::new("invalid_request", detail.clone());
            Err(with_member(refused, "error", detail))
        }
        Err(error) => Err(problem(error)),
    }
}

async fn show_active(call: Call) -> Result<Answer> {
    let active = call.jobs.list_active_jobs(COMIC).await?;
    Ok(match active.into_iter().next() {
        Some((active, _)) => json!({"job_id": active.job_id, "job_title": active.title}).into(),
        None => json!({"job_id": null, "job_title": null}).into(),
    })
}

async fn set_active(call: Call) -> Result<Answer> {
    let text = |name: &str| call.body.get(name).and_then(Value::as_str);
    let job_id = text("job_id").unwrap_or_default();
    let title = text("job_title").map(str::to_owned);
    call.jobs.remove_active_jobs(COMIC, None).await?;
    let set = call.jobs.set_active_job(COMIC, job_id, title).await;
    set.map_err(problem)?;
    Ok(json!({"success": true}).into())
}

async fn remove_active(call: Call) -> Result<Answer> {
    call.jobs.remove_active_jobs(COMIC, None).await?;
    Ok(json!({"success": true}).into())
}

/// Converts an error to a problem with the member in which this service had its sentence.
fn problem(error: Error) -> poem::Error {
    let sentence = error.to_string();
    with_member(error, "error", sentence)
}

fn summary(job: &job::Model, items: &[job_item::Model]) -> Value {
    let seconds = |time: DateTime<Utc>| time.timestamp_micros() as f64 / 1e6;
    json!({
        "job_id": job.id,
        "status": job.status,
        "total_items": job.total_shots,
        "processed_items": count(items, &PROCESSED),
        "created_at": seconds(job.created_at),
        "started_at": job.started_at.map(seconds),
        "completed_at": job.completed_at.map(seconds),
    })
}

fn result(item: &job_item::Model) -> Value {
    let result = item.result.as_ref();
    let details = result.map(|result| result.get("details").unwrap_or(result));
    json!({
        "item": item.key,
        "success": item.status != ItemStatus::Failed,
        "error": item.error,
        "details": details,
    })
}
