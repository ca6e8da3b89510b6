//! mark_completed and mark_failed: end of an attempt.

use crate::{
    db::write::{Change, Changed, Items, Loaded, weight_of_members},
    error::Result,
    jobs::{
        Guard, JobManager,
        apply_transition::{
            apply_transition, back_to_checkpoint, check_lease, ended_by, was_ended_by,
        },
        validate,
        work::begin::begin_first,
    },
    lifecycle::{EventKind, Verb, backoff},
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::{ItemStatus, JobStatus, job, job_item};
use serde_json::{Map, Value, json};
use std::fmt::Display;

/// Maximum delay that a worker may request before the next attempt, in seconds: one week.
const MAX_RETRY_SECONDS: u32 = 7 * 24 * 60 * 60;

/// Error of an attempt, and whether and when another one follows.
#[derive(Clone, Debug)]
pub struct Failure {
    pub error: String,
    /// False if another attempt would not help. Default true.
    pub retryable: bool,
    /// Seconds until the next attempt. Default: exponential backoff with jitter.
    pub retry_after_seconds: Option<u32>,
}

impl JobManager {
    /// Completes a job. Progress becomes 100, the error is cleared, and all known shots count as
    /// done. Pending and processing items become skipped; failed ones stay failed. A job with a
    /// requested cancel is completed all the same: the work is done. A queued job that its creator
    /// runs is started before. A repeated call under the same lease changes nothing.
    ///
    /// Errors: `job_not_found`, `job_transition_illegal`, `lease_lost`, `version_mismatch`.
    pub async fn mark_completed(
        &self,
        id: &str,
        result: Option<Map<String, Value>>,
        guard: impl Into<Guard> + Send,
    ) -> Result<job::Model> {
        let mut checks = validate::Checks::default();
        checks.object("/result", result.as_ref());
        checks.finish()?;
        let Guard { version, lease } = guard.into();
        let weight = result.as_ref().map_or(0, weight_of_members);
        let done = self.try_change(id, version, Items::Open, weight, move |loaded, now| {
            let (token, result) = (lease.as_deref(), result.clone().map(Value::Object));
            begin_first(loaded, token, now, |loaded| {
                completed(loaded, token, result.clone(), now)
            })
        });
        let Changed {
            job,
            changed,
            worker_id,
        } = done.await?;
        if changed {
            self.workers.completed(worker_id.as_ref(), self.now());
        }
        Ok(job)
    }

    /// Ends an attempt with an error. The job returns to the queue while attempts remain and the
    /// error is retryable, else it fails. A job with a requested cancel becomes cancelled. A
    /// repeated call under the same lease changes nothing.
    ///
    /// Errors: `job_not_found`, `job_transition_illegal`, `lease_lost`, `version_mismatch`.
    pub async fn mark_failed(
        &self,
        id: &str,
        failure: Failure,
        guard: impl Into<Guard> + Send,
    ) -> Result<job::Model> {
        let mut checks = validate::Checks::default();
        check_failure(&mut checks, "", &failure);
        checks.finish()?;
        let jitter = self.chance.jitter();
        let Guard { version, lease } = guard.into();
        let weight = failure.error.len();
        let done = self.try_change(id, version, Items::Counted, weight, move |loaded, now| {
            let token = lease.as_deref();
            begin_first(loaded, token, now, |loaded| {
                failed(loaded, token, &failure, jitter, now)
            })
        });
        let Changed {
            job,
            changed,
            worker_id,
        } = done.await?;
        if changed {
            self.workers.failed(worker_id.as_ref(), self.now());
        }
        Ok(job)
    }
}

pub(in crate::jobs) fn check_failure(
    checks: &mut validate::Checks,
    pointer: impl Display,
    failure: &Failure,
) {
    checks.text(
        format_args!("{pointer}/error"),
        Some(&failure.error),
        usize::MAX,
    );
    checks.range(
        format_args!("{pointer}/retry_after_seconds"),
        failure.retry_after_seconds,
        0,
        MAX_RETRY_SECONDS,
    );
}

/// Returns the change to completed. Pending and processing items become skipped: the worker says
/// that the job is complete without them.
pub(in crate::jobs) fn completed(
    loaded: &Loaded,
    token: Option<&str>,
    result: Option<Value>,
    now: DateTime<Utc>,
) -> Result<Option<Change>> {
    let before = &loaded.job;
    if was_ended_by(token, before) && before.status == JobStatus::Completed {
        return Ok(None);
    }
    check_lease(before, token)?;
    let mut job = ended_by(token, apply_transition(before, Verb::Complete, now)?);
    let skipped: Vec<_> = loaded
        .items
        .iter()
        .filter(|item| is_open(item.status))
        .map(|item| skip(item, now))
        .collect();
    if loaded.item_count > 0 {
        job.total_shots = loaded.item_count;
        let skipped = i32::try_from(skipped.len()).unwrap_or(i32::MAX);
        let done = loaded.done_count.saturating_add(skipped);
        job.completed_shots = done.clamp(0, loaded.item_count);
    } else {
        job.completed_shots = job.total_shots;
    }
    job.progress = 100.0;
    job.error_message = None;
    job.result_data = result.or(job.result_data);
    let event_data = json!({"attempt": job.attempt, "skipped_items": skipped.len()});
    Ok(Some(Change {
        items: skipped,
        ..Change::of(EventKind::Completed, job).with_data(event_data)
    }))
}

fn is_open(status: ItemStatus) -> bool {
    matches!(status, ItemStatus::Pending | ItemStatus::Processing)
}

fn skip(item: &job_item::Model, now: DateTime<Utc>) -> job_item::Model {
    job_item::Model {
        status: ItemStatus::Skipped,
        updated_at: now,
        completed_at: Some(now),
        ..item.clone()
    }
}

pub(in crate::jobs) fn failed(
    loaded: &Loaded,
    token: Option<&str>,
    failure: &Failure,
    jitter: f64,
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
    let again = failure.retryable && before.attempt < before.max_attempts;
    if !again {
        return failed_for_good(before, token, Some(failure.error.clone()), now).map(Some);
    }
    let wait = failure.retry_after_seconds.map_or_else(
        || backoff(before.attempt, jitter),
        |s| TimeDelta::seconds(s.into()),
    );
    let job = ended_by(
        token,
        queued_again(loaded, Verb::FailAndRetry, &failure.error, wait, now)?,
    );
    let event_data =
        json!({"error": failure.error, "attempt": before.attempt, "run_at": job.run_at});
    Ok(Some(
        Change::of(EventKind::RetryScheduled, job).with_data(event_data),
    ))
}

/// Returns the job as it waits for its next attempt.
pub(in crate::jobs) fn queued_again(
    loaded: &Loaded,
    verb: Verb,
    error: &str,
    wait: TimeDelta,
    now: DateTime<Utc>,
) -> Result<job::Model> {
    let mut job = apply_transition(&loaded.job, verb, now)?;
    job.run_at = Some(now + wait);
    job.error_message = Some(error.to_owned());
    back_to_checkpoint(&mut job, loaded);
    Ok(job)
}

pub(in crate::jobs) fn failed_for_good(
    before: &job::Model,
    token: Option<&str>,
    error: Option<String>,
    now: DateTime<Utc>,
) -> Result<Change> {
    check_lease(before, token)?;
    let mut change = failed_by(before, error, now)?;
    change.job = ended_by(token, change.job);
    Ok(change)
}

/// Returns the change to failed, without a check of the lease.
pub(in crate::jobs) fn failed_by(
    before: &job::Model,
    error: Option<String>,
    now: DateTime<Utc>,
) -> Result<Change> {
    let mut job = apply_transition(before, Verb::Fail, now)?;
    job.error_message = error.or(job.error_message);
    let event_data = json!({"error": job.error_message, "attempt": before.attempt});
    Ok(Change::of(EventKind::Failed, job).with_data(event_data))
}

/// Returns the change to cancelled, for a worker that stops a job with a requested cancel.
pub(in crate::jobs) fn acknowledged(
    before: &job::Model,
    token: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Change> {
    let job = ended_by(token, apply_transition(before, Verb::Cancel, now)?);
    let event_data =
        json!({"reason": null, "attempt": before.attempt, "worker_id": before.worker_id});
    Ok(Change::of(EventKind::Cancelled, job).with_data(event_data))
}
