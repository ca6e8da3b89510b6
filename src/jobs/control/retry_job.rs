//! retry_job: puts a failed, cancelled or stuck job back in the queue.

use crate::{
    db::write::{Change, Items, Loaded},
    error::Result,
    jobs::{
        IfVersion, JobManager,
        apply_transition::{apply_transition, back_to_checkpoint},
        control::before::keeping,
        validate::MAX_ATTEMPTS,
        work::begin::handed_over,
    },
    lifecycle::{EventKind, STALE_AFTER, Verb},
};
use chrono::{DateTime, Utc};
use entity::{JobStatus, job};

impl JobManager {
    /// Puts a failed or cancelled job back in the queue, or a processing job whose process is gone,
    /// or gives a queued one to workers that its creator was to run.
    /// Finished items stay finished. A job without attempts left gets one more, but `max_attempts`
    /// never exceeds 100.
    ///
    /// Errors: `job_not_found`, `job_transition_illegal`, `version_mismatch`.
    pub async fn retry_job(&self, id: &str, if_version: IfVersion) -> Result<job::Model> {
        self.change(id, if_version, Items::Counted, move |loaded, now| {
            let change = retried(loaded, now)?;
            Ok(Some(keeping(&loaded.job, change)))
        })
        .await
    }
}

pub(in crate::jobs) fn retried(loaded: &Loaded, now: DateTime<Utc>) -> Result<Change> {
    let before = &loaded.job;
    if let Some(change) = handed_over(before, EventKind::Retried, now)? {
        return Ok(change);
    }
    let verb = if is_stale(before, now) {
        Verb::RetryStale
    } else {
        Verb::Retry
    };
    let mut job = apply_transition(before, verb, now)?;
    job.error_message = None;
    job.result_data = None;
    job.run_at = None;
    job.holds = 0;
    job.max_attempts = job
        .max_attempts
        .max(job.attempt.saturating_add(1))
        .min(MAX_ATTEMPTS);
    back_to_checkpoint(&mut job, loaded);
    Ok(Change::of(EventKind::Retried, job))
}

/// Returns whether a processing job is stuck: its lease has expired, or it has no lease and has not
/// changed for [`STALE_AFTER`].
pub(in crate::jobs) fn is_stale(job: &job::Model, now: DateTime<Utc>) -> bool {
    job.status == JobStatus::Processing
        && match job.lease_expires_at {
            Some(expires) => expires <= now,
            None => job.updated_at <= now - STALE_AFTER,
        }
}
