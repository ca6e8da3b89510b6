//! Events as they are given.

use super::{JobStatus, Time};
use entity::job_event;
use poem_openapi::Object;
use serde_json::Value;

/// A step in the history of a job. It carries what a page shows of a job, so that no second call is needed.
#[derive(Debug, Object)]
pub struct Event {
    pub job_id: String,
    /// Version of the job after the step: 1, 2, 3, … without gaps.
    pub seq: i64,
    /// What happened, e.g. `created`, `started`, `progressed`, `completed`.
    pub kind: String,
    pub status: JobStatus,
    /// Percent, 0 to 100.
    pub progress: f64,
    pub current_stage: Option<String>,
    pub total_shots: i32,
    pub completed_shots: i32,
    /// What else there is to tell of this kind of step.
    pub data: Option<Value>,
    pub created_at: Time,
    /// Place in the stream of all events: later events have larger numbers.
    pub position: String,
    /// Type of the job; null in events of deleted jobs of old.
    pub job_type: Option<String>,
    /// Seconds that the job had been in the status that this step ended; null when the step changed none.
    pub seconds: Option<f64>,
}

/// Events of a job in order.
#[derive(Debug, Object)]
pub struct EventList {
    pub job_id: String,
    pub events: Vec<Event>,
    /// Seq of the last event of this page, to be sent as `after` for the next; null on the last page.
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
