//! recover_job: resumes a failed or stuck job from its checkpoint.

use crate::{
    db::write::{Change, Items, Loaded},
    error::Result,
    jobs::{
        IfVersion, JobManager, apply_transition::apply_transition, control::retry_job::is_stale,
        validate::MAX_ATTEMPTS, work::begin::handed_over,
    },
    lifecycle::{EventKind, Verb, percent},
};
use chrono::{DateTime, Utc};
use entity::{ItemStatus, job, job_item};
use serde_json::json;

impl JobManager {
    /// Puts a failed job back in the queue, or a processing job whose process is gone, with its
    /// checkpoint: finished items stay finished, and the next attempt does all others again. A job
    /// without items keeps its progress and its shots. A job without attempts left gets one more,
    /// but `max_attempts` never exceeds 100. A queued job that its creator was to run goes to
    /// workers.
    ///
    /// Errors: `job_not_found`, `job_transition_illegal`, `version_mismatch`.
    pub async fn recover_job(&self, id: &str, if_version: IfVersion) -> Result<job::Model> {
        self.change(id, if_version, Items::All, move |loaded, now| {
            recovered(loaded, now).map(Some)
        })
        .await
    }
}

fn recovered(loaded: &Loaded, now: DateTime<Utc>) -> Result<Change> {
    let before = &loaded.job;
    if let Some(change) = handed_over(before, EventKind::Recovered, now)? {
        return Ok(change);
    }
    let verb = if is_stale(before, now) {
        Verb::RetryStale
    } else {
        Verb::Recover
    };
    recovered_by(loaded, verb, now)
}

/// Returns the change to queued with the checkpoint.
pub(in crate::jobs) fn recovered_by(
    loaded: &Loaded,
    verb: Verb,
    now: DateTime<Utc>,
) -> Result<Change> {
    let before = &loaded.job;
    let mut job = apply_transition(before, verb, now)?;
    job.error_message = None;
    job.result_data = None;
    job.run_at = None;
    job.holds = 0;
    job.max_attempts = job
        .max_attempts
        .max(job.attempt.saturating_add(1))
        .min(MAX_ATTEMPTS);
    let undone = |item: &&job_item::Model| {
        matches!(item.status, ItemStatus::Processing | ItemStatus::Failed)
    };
    let items: Vec<_> = loaded
        .items
        .iter()
        .filter(undone)
        .map(|item| again(item, now))
        .collect();
    if loaded.item_count > 0 {
        job.total_shots = job.total_shots.max(loaded.item_count);
        job.completed_shots = loaded.done_count;
        job.progress = percent(job.completed_shots, job.total_shots);
    }
    let event_data = json!({"done_items": loaded.done_count, "reset_items": items.len()});
    Ok(Change {
        items,
        ..Change::of(EventKind::Recovered, job).with_data(event_data)
    })
}

/// Resets an item to pending. Its result stays until the next attempt reports another.
fn again(item: &job_item::Model, now: DateTime<Utc>) -> job_item::Model {
    job_item::Model {
        status: ItemStatus::Pending,
        error: None,
        completed_at: None,
        updated_at: now,
        ..item.clone()
    }
}
