//! list_queues, get_queue and set_queue: settings of the job types, with their numbers of queued
//! and processing jobs.

use crate::{
    db::write::{KeepPatch, SetQueue},
    error::Result,
    jobs::{JobManager, validate},
    lifecycle::{Keep, OwnKeepRule, Then},
};
use chrono::{DateTime, Utc};
use entity::{JobStatus, queue};
use std::collections::BTreeMap;

/// Queue of the jobs of one type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    pub job_type: String,
    /// True if claims skip this type.
    pub paused: bool,
    /// Maximum number of running jobs; `None` for no limit.
    pub max_running: Option<i32>,
    /// Maximum seconds of an attempt of a job that has no maximum of its own; `None` for no limit.
    pub max_run_seconds: Option<i32>,
    /// Rule of retention, as far as the type has one of its own.
    pub keep: OwnKeepRule,
    pub queued: u64,
    pub processing: u64,
    /// Time of the last change of a setting; `None` if nothing was ever set.
    pub updated_at: Option<DateTime<Utc>>,
}

/// Settings to change; `None` leaves one unchanged, `Some(None)` removes a limit.
#[derive(Clone, Copy, Debug, Default)]
pub struct QueuePatch {
    pub paused: Option<bool>,
    pub max_running: Option<Option<i32>>,
    pub max_run_seconds: Option<Option<i32>>,
    pub keep: KeepPatch,
}

impl JobManager {
    /// Lists every type that has settings, or queued or processing jobs.
    pub async fn list_queues(&self) -> Result<Vec<Queue>> {
        let mut queues: BTreeMap<String, Queue> = BTreeMap::new();
        for set in self.db.all_queues().await? {
            queues.insert(set.job_type.clone(), Queue::of(set));
        }
        for (job_type, status, jobs) in self.db.live_jobs(None).await? {
            queues.entry(job_type).or_default().count(status, jobs);
        }
        let named = queues
            .into_iter()
            .map(|(job_type, queue)| Queue { job_type, ..queue });
        Ok(named.collect())
    }

    /// Returns the queue of a type; every type has one, which at first has no settings and no jobs.
    ///
    /// Errors: `invalid_request`.
    pub async fn get_queue(&self, job_type: &str) -> Result<Queue> {
        let mut checks = validate::Checks::default();
        check_job_type(job_type, &mut checks);
        checks.finish()?;
        let set = self.db.queue(job_type).await?;
        let mut queue = set.map_or_else(
            || Queue {
                job_type: job_type.to_owned(),
                ..Queue::default()
            },
            Queue::of,
        );
        for (_, status, jobs) in self.db.live_jobs(Some(job_type)).await? {
            queue.count(status, jobs);
        }
        Ok(queue)
    }

    /// Pauses or limits a queue like [`JobManager::change_queue`].
    pub async fn set_queue(
        &self,
        job_type: &str,
        paused: Option<bool>,
        max_running: Option<Option<i32>>,
    ) -> Result<Queue> {
        let patch = QueuePatch {
            paused,
            max_running,
            ..QueuePatch::default()
        };
        self.change_queue(job_type, patch).await
    }

    /// Changes the given settings of a type, on all servers at once. Running jobs continue under
    /// the settings with which they started; later claims follow the new settings.
    ///
    /// Errors: `invalid_request`.
    pub async fn change_queue(&self, job_type: &str, patch: QueuePatch) -> Result<Queue> {
        let QueuePatch {
            paused,
            max_running,
            max_run_seconds,
            keep,
        } = patch;
        let mut checks = validate::Checks::default();
        check_job_type(job_type, &mut checks);
        let is_empty = paused.is_none() && max_running.is_none() && max_run_seconds.is_none();
        if is_empty && keep == KeepPatch::default() {
            let detail = "Give paused, max_running, max_run_seconds, keep, then or keep_media.";
            checks.fail("", "nothing_given", detail);
        }
        checks.range("/max_running", max_running.flatten(), 1, i32::MAX);
        checks.range(
            "/max_run_seconds",
            max_run_seconds.flatten(),
            1,
            validate::MAX_RUN_SECONDS,
        );
        checks.finish()?;
        let write = SetQueue {
            job_type: job_type.to_owned(),
            paused,
            max_running,
            max_run_seconds,
            keep,
            now: self.now(),
        };
        let set = self.db.commit(write).await?;
        let mut queue = Queue::of(set);
        for (_, status, jobs) in self.db.live_jobs(Some(job_type)).await? {
            queue.count(status, jobs);
        }
        Ok(queue)
    }
}

fn check_job_type(job_type: &str, checks: &mut validate::Checks) {
    if !validate::is_job_type(job_type) {
        checks.parameter("job_type", "invalid_job_type", validate::job_type_detail());
    }
}

/// Returns the rule of retention that the row sets.
pub(in crate::jobs) fn own_rule(set: &queue::Model) -> OwnKeepRule {
    OwnKeepRule {
        completed: set.keep_completed.map(Keep::of_seconds),
        failed: set.keep_failed.map(Keep::of_seconds),
        cancelled: set.keep_cancelled.map(Keep::of_seconds),
        then: set.keep_then.as_deref().and_then(Then::named),
        keep_media: set.keep_media,
    }
}

impl Queue {
    /// Returns the settings of the row, without numbers of jobs.
    fn of(set: queue::Model) -> Self {
        Self {
            paused: set.paused,
            max_running: set.max_running,
            max_run_seconds: set.max_run_seconds,
            keep: own_rule(&set),
            updated_at: Some(set.updated_at),
            job_type: set.job_type,
            ..Self::default()
        }
    }

    fn count(&mut self, status: JobStatus, jobs: i64) {
        match status {
            JobStatus::Queued => self.queued = self.queued.saturating_add(jobs.unsigned_abs()),
            _ => self.processing = self.processing.saturating_add(jobs.unsigned_abs()),
        }
    }
}
