//! The message about an event, as an endpoint gets it.

use super::{
    asked::asks_for_job,
    job_url::JobUrl,
    message_job::{Message, MessageJob},
};
use crate::lifecycle::{EventKind, MessageKind};
use chrono::{DateTime, SecondsFormat, Utc};
use entity::{job_event, webhook};
use serde_json::{Map, Value, json};

/// Maximum bytes of a message.
const MAX_BYTES: usize = 20_000;

/// Returns the message about an event; `None` if the webhook does not ask for it.
pub fn compose(
    webhook: &webhook::Model,
    event: &job_event::Model,
    job: Option<&MessageJob>,
) -> Option<Message> {
    let kind = MessageKind::of_event(&event.kind)?;
    let to = if webhook.is_of_jobs() {
        let own = JobUrl::of(job?.webhook.as_ref())?;
        own.kinds
            .iter()
            .any(|name| name == kind.name)
            .then_some(())?;
        Some(own)
    } else {
        let labels = job.and_then(|job| job.labels.as_ref());
        asks_for_job(webhook, event.job_type.as_deref(), labels).then_some(None)?
    };
    let body = |summary: &Value, about: Value| {
        json!({
            "type": kind.name,
            "timestamp": text(event.created_at),
            "data": {"job": summary, "event": about},
        })
        .to_string()
    };
    let mut summary = summary(event, job);
    let mut text = body(&summary, about(event, event.data.as_ref(), true));
    if text.len() > MAX_BYTES {
        text = body(&summary, about(event, None, false));
    }
    if text.len() > MAX_BYTES {
        summary["labels"] = json!({});
        summary["labels_omitted"] = true.into();
        text = body(&summary, about(event, None, false));
    }
    Some(Message {
        kind: kind.name,
        body: text,
        to,
        is_progress: kind.event == Some(EventKind::Progressed),
    })
}

/// Returns the message of a test.
pub fn test_message(webhook: &webhook::Model, now: DateTime<Utc>) -> String {
    json!({
        "type": crate::lifecycle::TEST_KIND,
        "timestamp": text(now),
        "data": {"webhook_id": webhook.id},
    })
    .to_string()
}

/// Returns the job: what the event says of it, and what of it hardly changes.
fn summary(event: &job_event::Model, job: Option<&MessageJob>) -> Value {
    let mut summary = json!({
        "job_id": event.job_id, "job_type": event.job_type, "status": event.status,
        "progress": event.progress, "current_stage": event.current_stage,
        "total_shots": event.total_shots, "completed_shots": event.completed_shots,
        "version": event.seq,
    });
    let (Some(job), Some(members)) = (job, summary.as_object_mut()) else {
        return summary;
    };
    let more = json!({
        "project_title": job.project_title, "series_id": job.series_id,
        "episode_id": job.episode_id, "labels": job.labels.clone().unwrap_or(json!({})),
        "priority": job.priority, "attempt": job.attempt, "max_attempts": job.max_attempts,
        "worker_id": job.worker_id, "created_at": text(job.created_at),
        "started_at": job.started_at.map(text), "completed_at": job.completed_at.map(text),
    });
    members.extend(more.as_object().cloned().unwrap_or_else(Map::new));
    summary
}

fn about(event: &job_event::Model, data: Option<&Value>, whole: bool) -> Value {
    let mut about = json!({
        "position": event.id.to_string(), "seq": event.seq, "kind": event.kind,
        "created_at": text(event.created_at), "seconds": event.seconds, "data": data,
    });
    if !whole {
        about["data_omitted"] = true.into();
    }
    about
}

pub(super) fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}
