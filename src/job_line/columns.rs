//! Columns of an export: the fields of a job under their names in the HTTP API, and the rows of
//! other tables that belong to it. Lease tokens and idempotency keys are left out: only the caller
//! that received or sent them may know them.

use crate::db::{JobUrl, WholeJob};
use chrono::{DateTime, SecondsFormat, Utc};
use entity::{active_job, episode, job, job_event, job_item, series};
use serde_json::{Value, json};

/// Columns whose values are rows of other tables.
const RELATED: [&str; 5] = ["items", "events", "series", "episode", "active_jobs"];

/// Names of the columns, in the order of [`values`].
pub const NAMES: [&str; 44] = [
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
    "created_by",
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
    "max_run_seconds",
    "webhook",
    "holds",
    "status_since",
    "series",
    "episode",
    "active_jobs",
    "events",
];

/// Values of a job's columns, in the order of [`NAMES`].
pub fn values(whole: WholeJob) -> [Value; 44] {
    let WholeJob {
        job,
        items,
        events,
        series,
        episode,
        active,
    } = whole;
    [
        job.id.into(),
        job.job_type.into(),
        job.mode.into(),
        job.status.to_string().into(),
        job.content.into(),
        job.user_requirement.into(),
        job.style.into(),
        job.project_title.into(),
        plain(job.request_data),
        plain(job.context),
        job.progress.into(),
        job.current_stage.into(),
        job.working_dir.into(),
        plain(job.result_data),
        job.error_message.into(),
        job.total_shots.into(),
        job.completed_shots.into(),
        items.into_iter().map(item).collect(),
        job.episode_id.into(),
        job.series_id.into(),
        time(Some(job.created_at)),
        job.created_by.into(),
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
        job.max_run_seconds.into(),
        plain(job.webhook),
        job.holds.into(),
        time(job.status_since),
        series.map(series_json).into(),
        episode
            .map(|(episode, series)| episode_json(episode, series))
            .into(),
        active.into_iter().map(active_json).collect(),
        events.into_iter().map(event).collect(),
    ]
}

fn item(item: job_item::Model) -> Value {
    json!({
        "idx": item.idx,
        "key": item.key,
        "status": item.status,
        "input": plain(item.input),
        "result": plain(item.result),
        "error": item.error,
        "attempt": item.attempt,
        "created_at": time(Some(item.created_at)),
        "updated_at": time(Some(item.updated_at)),
        "started_at": time(item.started_at),
        "completed_at": time(item.completed_at),
    })
}

fn event(event: job_event::Model) -> Value {
    json!({
        "seq": event.seq,
        "kind": event.kind,
        "status": event.status,
        "progress": event.progress,
        "current_stage": event.current_stage,
        "total_shots": event.total_shots,
        "completed_shots": event.completed_shots,
        "data": plain(event.data),
        "created_at": time(Some(event.created_at)),
        "seconds": event.seconds,
        "by": event.by_key.map(|key_id| json!({"key_id": key_id, "name": event.by_name})),
    })
}

fn series_json(series: series::Model) -> Value {
    json!({"series_id": series.id, "title": series.title, "created_at": time(Some(series.created_at))})
}

/// An episode with the series that it belongs to, which may differ from the job's series.
fn episode_json(episode: episode::Model, series: Option<series::Model>) -> Value {
    json!({
        "episode_id": episode.id,
        "title": episode.title,
        "number": episode.number,
        "created_at": time(Some(episode.created_at)),
        "series": series.map(series_json),
    })
}

fn active_json(active: active_job::Model) -> Value {
    json!({"client_id": active.client_id, "title": active.title, "created_at": time(Some(active.created_at))})
}

/// Returns the value with each number in one spelling: PostgreSQL returns 1e16 as 10000000000000000
/// and -0.0 as 0.0, and both databases must give the same export.
fn plain(value: Option<Value>) -> Value {
    match value {
        None => Value::Null,
        Some(Value::Number(n)) if n.is_f64() => number(n.as_f64().unwrap_or_default()),
        Some(Value::Array(values)) => values.into_iter().map(|value| plain(Some(value))).collect(),
        Some(Value::Object(members)) => members
            .into_iter()
            .map(|(name, value)| (name, plain(Some(value))))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Some(other) => other,
    }
}

fn number(n: f64) -> Value {
    // Below this bound the text of a float ends in `.0`, which PostgreSQL keeps.
    const MIN_EXPONENT_FLOAT: f64 = 1e16;
    match n {
        _ if n == 0.0 => json!(0.0),
        _ if (MIN_EXPONENT_FLOAT..u64::MAX as f64).contains(&n) => json!(n as u64),
        _ if (i64::MIN as f64..=-MIN_EXPONENT_FLOAT).contains(&n) => json!(n as i64),
        _ => json!(n),
    }
}

/// Formats a time as RFC 3339 in UTC with microseconds, the precision of both databases.
fn time(time: Option<DateTime<Utc>>) -> Value {
    time.map(|time| time.to_rfc3339_opts(SecondsFormat::Micros, true))
        .into()
}

/// Returns the job with its own URL as the API shows it: without its query, which may hold a
/// secret.
pub fn with_shown_url(mut job: job::Model) -> job::Model {
    let own = JobUrl::of(job.webhook.as_ref());
    job.webhook = own.map(|own| json!({"url": own.shown(), "kinds": own.kinds}));
    job
}

/// Returns a job as one JSON object, without rows of other tables, and with its URL as the API
/// shows it.
pub fn job_json(job: &job::Model) -> Value {
    let values = values(WholeJob::alone(with_shown_url(job.clone())));
    let fields = NAMES
        .iter()
        .zip(values)
        .filter(|(name, _)| !RELATED.contains(name));
    Value::Object(
        fields
            .map(|(name, value)| ((*name).to_owned(), value))
            .collect(),
    )
}
