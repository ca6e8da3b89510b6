//! retry_job.

use super::{
    IfVersion, JobManager,
    enter::{back_to_checkpoint, enter},
    validate::MAX_ATTEMPTS,
};
use crate::{
    db::write::{Change, Items, Loaded},
    error::Result,
    lifecycle::{EventKind, STALE_AFTER, Verb},
};
use chrono::{DateTime, Utc};
use entity::{JobStatus, job};

impl JobManager {
    /// Puts a failed or cancelled job back in the queue, or a processing one whose process is gone. Items that are done
    /// stay done. When its attempts were spent it gets one more, but `max_attempts` never goes above 100.
    ///
    /// Errors: `job_not_found`, `job_transition_illegal`, `version_mismatch`.
    pub async fn retry_job(&self, id: &str, if_version: IfVersion) -> Result<job::Model> {
        self.change(id, if_version, Items::Counted, move |loaded, now| retried(loaded, now).map(Some)).await
    }
}

pub(super) fn retried(loaded: &Loaded, now: DateTime<Utc>) -> Result<Change> {
    let before = &loaded.job;
    let verb = if is_stale(before, now) { Verb::RetryStale } else { Verb::Retry };
    let mut job = enter(before, verb, now)?;
    job.error_message = None;
    job.result_data = None;
    job.run_at = None;
    job.max_attempts = job.max_attempts.max(job.attempt.saturating_add(1)).min(MAX_ATTEMPTS);
    back_to_checkpoint(&mut job, loaded);
    Ok(Change::of(EventKind::Retried, job))
}

/// Its lease has run out, or it has none and nobody reported for a while.
pub(super) fn is_stale(job: &job::Model, now: DateTime<Utc>) -> bool {
    job.status == JobStatus::Processing
        && match job.lease_expires_at {
            Some(expires) => expires <= now,
            None => job.updated_at <= now - STALE_AFTER,
        }
}
