//! What a change of a client replaced in a job. The event of the change keeps it, so that the
//! change can be undone. Lists of active jobs, which a job leaves when it ends, are added there by
//! the write.

use crate::{
    db::{KEPT, write::Change},
    lifecycle::EventKind,
    strict_json::MAX_DEPTH,
};
use chrono::{DateTime, Utc};
use entity::{JobStatus, job};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Maximum bytes that an event keeps, as JSON.
const MAX_BYTES: usize = 256 * 1024;

/// Columns of a job that a cancel, a retry or a change of the schedule may replace.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Before {
    pub status: JobStatus,
    status_since: Option<DateTime<Utc>>,
    progress: f64,
    current_stage: Option<String>,
    result_data: Option<Value>,
    error_message: Option<String>,
    total_shots: i32,
    completed_shots: i32,
    run_at: Option<DateTime<Utc>>,
    priority: i16,
    max_attempts: i32,
    completed_at: Option<DateTime<Utc>>,
    worker_id: Option<String>,
    cancel_requested_at: Option<DateTime<Utc>>,
    last_heard_at: Option<DateTime<Utc>>,
    unheard_claims: i32,
    run_until: Option<DateTime<Utc>>,
    holds: i32,
}

/// Reason why an event keeps nothing to put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotKept {
    /// The change ended a worker's lease, which no later write can give back.
    Lease,
    /// The error or the result that the change removed is too large to be kept twice.
    TooLarge,
}

impl Before {
    pub fn of(job: &job::Model) -> Self {
        Self {
            status: job.status,
            status_since: job.status_since,
            progress: job.progress,
            current_stage: job.current_stage.clone(),
            result_data: job.result_data.clone(),
            error_message: job.error_message.clone(),
            total_shots: job.total_shots,
            completed_shots: job.completed_shots,
            run_at: job.run_at,
            priority: job.priority,
            max_attempts: job.max_attempts,
            completed_at: job.completed_at,
            worker_id: job.worker_id.clone(),
            cancel_requested_at: job.cancel_requested_at,
            last_heard_at: job.last_heard_at,
            unheard_claims: job.unheard_claims,
            run_until: job.run_until,
            holds: job.holds,
        }
    }

    /// Reads the columns that an event kept; those that it did not keep are as the job has them.
    /// Returns `None` if they are no columns of a job.
    pub fn kept(job: &job::Model, kept: &Map<String, Value>) -> Option<Self> {
        let mut columns = members(&Self::of(job));
        columns.extend(kept.clone());
        serde_json::from_value(Value::Object(columns)).ok()
    }

    pub fn put_into(self, job: &mut job::Model) {
        job.status = self.status;
        job.status_since = self.status_since;
        job.progress = self.progress;
        job.current_stage = self.current_stage;
        job.result_data = self.result_data;
        job.error_message = self.error_message;
        job.total_shots = self.total_shots;
        job.completed_shots = self.completed_shots;
        job.run_at = self.run_at;
        job.priority = self.priority;
        job.max_attempts = self.max_attempts;
        job.completed_at = self.completed_at;
        job.worker_id = self.worker_id;
        job.cancel_requested_at = self.cancel_requested_at;
        job.last_heard_at = self.last_heard_at;
        job.unheard_claims = self.unheard_claims;
        job.run_until = self.run_until;
        job.holds = self.holds;
    }
}

/// Adds to the event of the change what it replaced in the job. Other kinds of events than those of
/// a cancel, a retry or an update stay as they are.
pub fn keeping(before: &job::Model, mut change: Change) -> Change {
    use EventKind::{CancelRequested, Cancelled, Retried, Updated};
    let kept = match change.events.last() {
        Some((Cancelled | CancelRequested | Retried | Updated, _)) => kept(before, &change.job),
        _ => return change,
    };
    note(&mut change, KEPT, kept);
    change
}

/// Adds a member to the data of the last event.
pub fn note(change: &mut Change, name: &str, value: Value) {
    if let Some((_, data)) = change.events.last_mut() {
        match data {
            Some(Value::Object(data)) => {
                data.insert(name.to_owned(), value);
            }
            _ => *data = Some(json!({name: value})),
        }
    }
}

fn kept(before: &job::Model, after: &job::Model) -> Value {
    if before.lease_token.is_some() && after.lease_token.is_none() {
        return json!(NotKept::Lease);
    }
    // Lengths are compared first: what is too large is not copied.
    let text = before.error_message.as_ref().map_or(0, String::len);
    if text > MAX_BYTES && before.error_message != after.error_message {
        return json!(NotKept::TooLarge);
    }
    let now = members(&Before::of(after));
    let mut columns = members(&Before::of(before));
    columns.retain(|name, value| now.get(name) != Some(value));
    let columns = Value::Object(columns);
    if columns.to_string().len() > MAX_BYTES || is_deeper(&columns, MAX_DEPTH) {
        json!(NotKept::TooLarge)
    } else {
        columns
    }
}

fn members(before: &Before) -> Map<String, Value> {
    match json!(before) {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn is_deeper(value: &Value, levels: usize) -> bool {
    let deeper = |value: &Value| levels == 0 || is_deeper(value, levels - 1);
    match value {
        Value::Array(values) => values.iter().any(deeper),
        Value::Object(members) => members.values().any(deeper),
        _ => false,
    }
}
