//! Events as the API returns them.

use super::{JobStatus, Time};
use entity::job_event;
use poem_openapi::Object;
use serde_json::Value;

/// A step in the history of a job. It has all that a page shows of a job, so that no second call is
/// needed.
#[derive(Debug, Object)]
pub struct Event {
    pub job_id: String,
    /// Version of the job after the step: 1, 2, 3, … without gaps.
    pub seq: i64,
    /// Kind of step, e.g. `created`, `started`, `progressed`, `completed`.
    pub kind: String,
    pub status: JobStatus,
    /// Progress in percent, 0 to 100.
    pub progress: f64,
    pub current_stage: Option<String>,
    pub total_shots: i32,
    pub completed_shots: i32,
    /// Further data of this kind of step.
    pub data: Option<Value>,
    pub created_at: Time,
    /// Position in the stream of all events: later events have larger numbers.
    pub position: String,
    /// Type of the job; null in old events of deleted jobs.
    pub job_type: Option<String>,
    /// Seconds that the job had the status that this step ended; null if the step did not change
    /// the status.
    pub seconds: Option<f64>,
}

/// Events of a job, in order.
#[derive(Debug, Object)]
pub struct EventList {
    pub job_id: String,
    pub events: Vec<Event>,
    /// `seq` of the last event of this page, to send as `after` for the next page; null on the last
    /// page.
    pub next_after: Option<i64>,
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
        }
    }
}
