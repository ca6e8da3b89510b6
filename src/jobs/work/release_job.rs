//! release_job: gives a job back without a failure.

use crate::{
    db::write::{Change, Items, Loaded},
    error::Result,
    jobs::{
        Guard, JobManager,
        apply_transition::{
            apply_transition, back_to_checkpoint, check_lease, ended_by, was_ended_by,
        },
        work::{begin::handed_over, finish_job::acknowledged},
    },
    lifecycle::{EventKind, Verb},
};
use chrono::{DateTime, Utc};
use entity::{JobStatus, job};
use serde_json::json;

impl JobManager {
    /// Puts a job back in the queue because its worker stops, or gives a job to workers that its
    /// creator was to run. The attempt does not count, and
    /// another worker may claim the job at once. A job with a requested cancel becomes cancelled
    /// instead. A repeated call under the same lease changes nothing.
    ///
    /// Errors: `job_not_found`, `job_transition_illegal`, `lease_lost`, `version_mismatch`.
    pub async fn release_job(
        &self,
        id: &str,
        guard: impl Into<Guard> + Send,
    ) -> Result<job::Model> {
        let Guard { version, lease } = guard.into();
        self.change(id, version, Items::Counted, move |loaded, now| {
            released(loaded, lease.as_deref(), now)
        })
        .await
    }
}

pub(in crate::jobs) fn released(
    loaded: &Loaded,
    token: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Option<Change>> {
    let before = &loaded.job;
    if was_ended_by(token, before) && before.status != JobStatus::Completed {
        return Ok(None);
    }
    check_lease(before, token)?;
    if before.cancel_requested_at.is_some() {
        return acknowledged(before, token, now).map(Some);
    }
    if let Some(change) = handed_over(before, EventKind::Released, now)? {
        return Ok(Some(change));
    }
    let mut job = ended_by(token, apply_transition(before, Verb::Release, now)?);
    job.attempt = (before.attempt - 1).max(0);
    job.holds = 0;
    back_to_checkpoint(&mut job, loaded);
    let event_data = json!({"attempt": before.attempt, "worker_id": before.worker_id});
    Ok(Some(
        Change::of(EventKind::Released, job).with_data(event_data),
    ))
}
