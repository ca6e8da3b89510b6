//! A record as it would come in, for the user to look at before an import by a map.

use crate::db::write::ImportedJob;
use serde_json::{Map, Value, json};

/// Returns the values that the job would have, without those that are missing.
pub fn preview(record: &ImportedJob) -> Value {
    let job = &record.job;
    let all = json!({
        "job_id": job.id,
        "job_type": job.job_type,
        "status": job.status,
        "source_status": job.source_status,
        "progress": job.progress,
        "current_stage": job.current_stage,
        "content": job.content,
        "project_title": job.project_title,
        "user_requirement": job.user_requirement,
        "style": job.style,
        "mode": job.mode,
        "working_dir": job.working_dir,
        "request": job.request_data,
        "result": job.result_data,
        "error": job.error_message,
        "created_at": job.created_at,
        "updated_at": job.updated_at,
        "started_at": job.started_at,
        "completed_at": job.completed_at,
        "run_at": job.run_at,
        "items": (!record.items.is_empty()).then_some(record.items.len()),
        "context": job.context,
    });
    let Value::Object(all) = all else {
        return all;
    };
    let there: Map<_, _> = all
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .collect();
    there.into()
}
