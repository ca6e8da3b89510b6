//! list_queues and set_queue: settings of the job types, with their numbers of queued and
//! processing jobs.

use crate::{
    db::write::SetQueue,
    error::Result,
    jobs::{JobManager, validate},
};
use chrono::{DateTime, Utc};
use entity::JobStatus;
use std::collections::BTreeMap;

/// Queue of the jobs of one type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    pub job_type: String,
    /// True if claims skip this type.
    pub paused: bool,
    /// Maximum number of running jobs; `None` for no limit.
    pub max_running: Option<i32>,
    pub queued: u64,
    pub processing: u64,
    /// Time of the last change of a setting; `None` if nothing was ever set.
    pub updated_at: Option<DateTime<Utc>>,
}

impl JobManager {
    /// Lists every type that has settings, or queued or processing jobs.
    pub async fn list_queues(&self) -> Result<Vec<Queue>> {
        let mut queues: BTreeMap<String, Queue> = BTreeMap::new();
        for set in self.db.all_queues().await? {
            let queue = queues.entry(set.job_type).or_default();
            queue.paused = set.paused;
            queue.max_running = set.max_running;
            queue.updated_at = Some(set.updated_at);
        }
        for (job_type, status, jobs) in self.db.live_jobs(None).await? {
            queues.entry(job_type).or_default().count(status, jobs);
        }
        let named = queues
            .into_iter()
            .map(|(job_type, queue)| Queue { job_type, ..queue });
        Ok(named.collect())
    }

    /// Changes the given settings of a type, on all servers at once. Running jobs continue; later
    /// claims follow the new settings.
    ///
    /// Errors: `invalid_request`.
    pub async fn set_queue(
        &self,
        job_type: &str,
        paused: Option<bool>,
        max_running: Option<Option<i32>>,
    ) -> Result<Queue> {
        let mut checks = validate::Checks::default();
        if !validate::is_job_type(job_type) {
            let detail =
                "Use 1 to 50 of the characters a-z 0-9 _ . - as a job type, e.g. idea2video.";
            checks.parameter("job_type", "invalid_job_type", detail);
        }
        if paused.is_none() && max_running.is_none() {
            checks.fail("", "nothing_given", "Give paused, max_running, or both.");
        }
        checks.range("/max_running", max_running.flatten(), 1, i32::MAX);
        checks.finish()?;
        let write = SetQueue {
            job_type: job_type.to_owned(),
            paused,
            max_running,
            now: self.now(),
        };
        let set = self.db.commit(write).await?;
        let mut queue = Queue {
            job_type: set.job_type,
            paused: set.paused,
            max_running: set.max_running,
            updated_at: Some(set.updated_at),
            ..Queue::default()
        };
        for (_, status, jobs) in self.db.live_jobs(Some(job_type)).await? {
            queue.count(status, jobs);
        }
        Ok(queue)
    }
}

impl Queue {
    fn count(&mut self, status: JobStatus, jobs: i64) {
        match status {
            JobStatus::Queued => self.queued = self.queued.saturating_add(jobs.unsigned_abs()),
            _ => self.processing = self.processing.saturating_add(jobs.unsigned_abs()),
        }
    }
}
