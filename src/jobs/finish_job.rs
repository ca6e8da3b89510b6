//! mark_completed and mark_failed: how an attempt ends.

use super::{
    IfVersion, JobManager,
    enter::{back_to_checkpoint, enter, fence},
    validate,
};
use crate::{
    db::write::{Change, Items, Loaded},
    error::Result,
    lifecycle::{EventKind, Verb, backoff},
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::{ItemStatus, job, job_item};
use serde_json::{Map, Value, json};

/// Longest wait that a worker may ask for before the next attempt: a week.
const LONGEST_WAIT: u32 = 7 * 24 * 60 * 60;

/// Why an attempt failed, and what is to follow.
#[derive(Clone, Debug)]
pub struct Failure {
    pub error: String,
    /// False: no other attempt would help. Default true.
    pub retryable: bool,
    /// Seconds until the next attempt; by default exponential backoff with jitter.
    pub retry_after_seconds: Option<u32>,
}

impl JobManager {
    /// Progress becomes 100, the error is cleared, and all known shots count as done; items that were never reported on
    /// are skipped, failed ones stay failed.
    ///
    /// Errors: `job_not_found`, `job_transition_illegal`, `version_mismatch`.
    pub async fn mark_completed(
        &self,
        id: &str,
        result: Option<Map<String, Value>>,
        if_version: IfVersion,
    ) -> Result<job::Model> {
        let mut checks = validate::Checks::default();
        checks.object("/result", result.as_ref());
        checks.finish()?;
        self.change(id, if_version, Items::All, move |loaded, now| {
            completed(loaded, result.clone().map(Value::Object), now).map(Some)
        })
        .await
    }

    /// Back to the queue while attempts remain and the error is retryable, else failed for good.
    ///
    /// Errors: `job_not_found`, `job_transition_illegal`, `version_mismatch`.
    pub async fn mark_failed(&self, id: &str, failure: Failure, if_version: IfVersion) -> Result<job::Model> {
        let mut checks = validate::Checks::default();
        checks.text("/error", Some(&failure.error), usize::MAX);
        checks.range("/retry_after_seconds", failure.retry_after_seconds, 0, LONGEST_WAIT);
        checks.finish()?;
        let jitter = self.chance.jitter();
        self.change(id, if_version, Items::Counted, move |loaded, now| failed(loaded, &failure, jitter, now).map(Some))
            .await
    }
}

/// Items that were never reported on are skipped: the worker says that the job is complete without them.
pub(super) fn completed(loaded: &Loaded, result: Option<Value>, now: DateTime<Utc>) -> Result<Change> {
    let before = &loaded.job;
    fence(before)?;
    let mut job = enter(before, Verb::Complete, now)?;
    let skipped: Vec<_> = loaded.items.iter().filter(|item| is_open(item.status)).map(|item| skip(item, now)).collect();
    if loaded.item_count > 0 {
        job.total_shots = loaded.item_count;
        job.completed_shots = loaded.done_count + i32::try_from(skipped.len()).unwrap_or(i32::MAX);
    } else {
        job.completed_shots = job.total_shots;
    }
    job.progress = 100.0;
    job.error_message = None;
    job.result_data = result.or(job.result_data);
    let told = json!({"attempt": job.attempt, "skipped_items": skipped.len()});
    Ok(Change { items: skipped, ..Change::of(EventKind::Completed, job).telling(told) })
}

fn is_open(status: ItemStatus) -> bool {
    matches!(status, ItemStatus::Pending | ItemStatus::Processing)
}

fn skip(item: &job_item::Model, now: DateTime<Utc>) -> job_item::Model {
    job_item::Model { status: ItemStatus::Skipped, updated_at: now, completed_at: Some(now), ..item.clone() }
}

fn failed(loaded: &Loaded, failure: &Failure, jitter: f64, now: DateTime<Utc>) -> Result<Change> {
    let before = &loaded.job;
    let again = failure.retryable && before.attempt < before.max_attempts;
    if !again {
        return failed_for_good(before, Some(failure.error.clone()), now);
    }
    fence(before)?;
    let mut job = enter(before, Verb::FailAndRetry, now)?;
    let wait =
        failure.retry_after_seconds.map_or_else(|| backoff(before.attempt, jitter), |s| TimeDelta::seconds(s.into()));
    job.run_at = Some(now + wait);
    job.error_message = Some(failure.error.clone());
    back_to_checkpoint(&mut job, loaded);
    let told = json!({"error": failure.error, "attempt": before.attempt, "run_at": job.run_at});
    Ok(Change::of(EventKind::RetryScheduled, job).telling(told))
}

pub(super) fn failed_for_good(before: &job::Model, error: Option<String>, now: DateTime<Utc>) -> Result<Change> {
    fence(before)?;
    let mut job = enter(before, Verb::Fail, now)?;
    job.error_message = error.or(job.error_message);
    let told = json!({"error": job.error_message, "attempt": before.attempt});
    Ok(Change::of(EventKind::Failed, job).telling(told))
}
