//! Events as the API returns them.

use super::{JobStatus, Time};
use entity::job_event;
use poem_openapi::Object;
use serde_json::Value;
use std::collections::BTreeMap;

/// A step in the history of a job. It has all that a page shows of a job, so that no second call is
/// needed.
#[derive(Debug, Object)]
pub struct Event {
    /// Id of the job.
    pub job_id: String,
    /// Version of the job after the step: 1, 2, 3, … without gaps.
    pub seq: i64,
    /// Kind of step, e.g. `created`, `started`, `progressed`, `completed`.
    pub kind: String,
    /// Status of the job after the step.
    pub status: JobStatus,
    /// Progress in percent, 0 to 100.
    pub progress: f64,
    /// Current stage of the work after the step.
    pub current_stage: Option<String>,
    /// Number of shots after the step.
    pub total_shots: i32,
    /// Number of completed shots after the step.
    pub completed_shots: i32,
    /// Further data of this kind of step.
    pub data: Option<Value>,
    /// Time of the step.
    pub created_at: Time,
    /// Position in the stream of all events: later events have larger numbers.
    pub position: String,
    /// Type of the job; null in old events of deleted jobs.
    pub job_type: Option<String>,
    /// Seconds that the job had the status that this step ended; null if the step did not change
    /// the status.
    pub seconds: Option<f64>,
    /// Caller that caused the step, as `key_id` and `name` of its key; null for the server itself,
    /// and where nothing authenticated.
    pub by: Option<BTreeMap<String, String>>,
}

/// Events of a job, in order.
#[derive(Debug, Object)]
pub struct EventList {
    /// Id of the job.
    pub job_id: String,
    /// Events of the page.
    pub events: Vec<Event>,
    /// Same as `next_cursor`, for older clients, to send as `after`.
    pub next_after: Option<i64>,
    /// Whether more follow.
    pub has_more: bool,
    /// Cursor of the next page; null on the last page.
    pub next_cursor: Option<String>,
}

/// Returns the caller as it is shown: `key_id`, and `name` if it is known.
pub fn caller(key_id: Option<String>, name: Option<String>) -> Option<BTreeMap<String, String>> {
    let known = [("key_id", Some(key_id?)), ("name", name)];
    let members = known.into_iter();
    Some(
        members
            .filter_map(|(member, value)| Some((member.to_owned(), value?)))
            .collect(),
    )
}

impl From<job_event::Model> for Event {
    fn from(event: job_event::Model) -> Self {
        Self {
            job_id: event.job_id,
            seq: event.seq,
            kind: event.kind,
            status: event.status.into(),
            progress: event.progress,
            current_stage: event.current_stage,
            total_shots: event.total_shots,
            completed_shots: event.completed_shots,
            data: event.data,
            created_at: event.created_at.into(),
            position: event.id.to_string(),
            job_type: event.job_type,
            seconds: event.seconds,
            by: caller(event.by_key, event.by_name),
        }
    }
}
