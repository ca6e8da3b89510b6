//! cancel_job: cancels a job, or asks its worker to stop.

use crate::{
    db::write::{Change, Items},
    error::Result,
    jobs::{
        IfVersion, JobManager, apply_transition::apply_transition, control::before::keeping,
        validate,
    },
    lifecycle::{EventKind, Verb, transition},
};
use chrono::{DateTime, Utc};
use entity::{JobStatus, job};
use serde_json::json;

impl JobManager {
    /// Cancels a job that no worker holds at once. A job under a lease is flagged, and cancelled
    /// when its worker acknowledges or its lease expires. A repeated call changes nothing while the
    /// flag is set.
    ///
    /// Errors: `job_not_found`, `job_transition_illegal`, `version_mismatch`.
    pub async fn cancel_job(
        &self,
        id: &str,
        reason: Option<String>,
        if_version: IfVersion,
    ) -> Result<job::Model> {
        let mut checks = validate::Checks::default();
        checks.text("/reason", reason.as_deref(), 1000);
        checks.finish()?;
        self.change(id, if_version, Items::None, move |loaded, now| {
            let change = cancelled(&loaded.job, reason.as_deref(), now)?;
            Ok(change.map(|change| keeping(&loaded.job, change)))
        })
        .await
    }
}

pub(in crate::jobs) fn cancelled(
    before: &job::Model,
    reason: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Option<Change>> {
    let event_data = json!({"reason": reason});
    let leased = before.status == JobStatus::Processing && before.lease_token.is_some();
    if !leased {
        let job = apply_transition(before, Verb::Cancel, now)?;
        return Ok(Some(
            Change::of(EventKind::Cancelled, job).with_data(event_data),
        ));
    }
    if before.cancel_requested_at.is_some() {
        return Ok(None);
    }
    let mut job = before.clone();
    job.status = transition(Verb::RequestCancel, before.status)?;
    job.cancel_requested_at = Some(now);
    Ok(Some(
        Change::of(EventKind::CancelRequested, job).with_data(event_data),
    ))
}
