//! What of a job is exported, and under which names: those of the HTTP API, and the items. Neither lease tokens nor
//! idempotency keys, which are between the service and one caller.

use chrono::{DateTime, SecondsFormat, Utc};
use entity::{job, job_item};
use serde_json::{Value, json};

/// In the order of [`values`].
pub const NAMES: [&str; 35] = [
    "job_id",
    "job_type",
    "mode",
    "status",
    "content",
    "user_requirement",
    "style",
    "project_title",
    "request_data",
    "context",
    "progress",
    "current_stage",
    "working_dir",
    "result",
    "error",
    "total_shots",
    "completed_shots",
    "items",
    "episode_id",
    "series_id",
    "created_at",
    "updated_at",
    "started_at",
    "completed_at",
    "priority",
    "run_at",
    "attempt",
    "max_attempts",
    "worker_id",
    "lease_expires_at",
    "cancel_requested_at",
    "version",
    "labels",
    "source",
    "source_status",
];

/// In the order of [`NAMES`].
pub fn values(job: job::Model, items: Vec<job_item::Model>) -> [Value; 35] {
    [
        job.id.into(),
        job.job_type.into(),
        job.mode.into(),
        job.status.to_string().into(),
        job.content.into(),
        job.user_requirement.into(),
        job.style.into(),
        job.project_title.into(),
        job.request_data.into(),
        job.context.into(),
        job.progress.into(),
        job.current_stage.into(),
        job.working_dir.into(),
        job.result_data.into(),
        job.error_message.into(),
        job.total_shots.into(),
        job.completed_shots.into(),
        items.into_iter().map(item).collect(),
        job.episode_id.into(),
        job.series_id.into(),
        time(Some(job.created_at)),
        time(Some(job.updated_at)),
        time(job.started_at),
        time(job.completed_at),
        job.priority.into(),
        time(job.run_at),
        job.attempt.into(),
        job.max_attempts.into(),
        job.worker_id.into(),
        time(job.lease_expires_at),
        time(job.cancel_requested_at),
        job.version.into(),
        job.labels.unwrap_or_else(|| json!({})),
        job.source.into(),
        job.source_status.into(),
    ]
}

fn item(item: job_item::Model) -> Value {
    json!({
        "idx": item.idx,
        "key": item.key,
        "status": item.status,
        "input": item.input,
        "result": item.result,
        "error": item.error,
        "attempt": item.attempt,
        "created_at": time(Some(item.created_at)),
        "updated_at": time(Some(item.updated_at)),
        "started_at": time(item.started_at),
        "completed_at": time(item.completed_at),
    })
}

/// RFC 3339 in UTC, with microseconds, which is what the databases hold.
fn time(time: Option<DateTime<Utc>>) -> Value {
    time.map(|time| time.to_rfc3339_opts(SecondsFormat::Micros, true)).into()
}

/// A job as one JSON object; without `items` where they were not read.
pub fn job_json(job: &job::Model, items: Option<Vec<job_item::Model>>) -> Value {
    let with_items = items.is_some();
    let values = values(job.clone(), items.unwrap_or_default());
    let fields = NAMES.iter().zip(values).filter(|(name, _)| with_items || **name != "items");
    Value::Object(fields.map(|(name, value)| ((*name).to_owned(), value)).collect())
}
