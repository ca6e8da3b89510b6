//! Queued jobs that claims return next.

use crate::{
    db::write::{first_due, first_due_of_all},
    error::Result,
    jobs::{Counts, JobManager},
};
use chrono::{DateTime, Utc};
use entity::{job, queue};
use std::collections::HashSet;

impl JobManager {
    /// Returns the jobs that claims for all these types would get next, without paused types.
    /// Without a paused type, the cost does not depend on their number.
    pub(super) async fn next_jobs(
        &self,
        job_type: Option<&str>,
        by_type: &[(String, Counts)],
        queues: &[queue::Model],
        now: DateTime<Utc>,
        limit: u64,
    ) -> Result<Vec<job::Model>> {
        let paused: HashSet<&str> = queues
            .iter()
            .filter(|queue| queue.paused)
            .map(|queue| queue.job_type.as_str())
            .collect();
        let waits = |(job_type, counts): &&(String, Counts)| {
            counts.queued > 0 && !paused.contains(job_type.as_str())
        };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        if job_type.is_none() && paused.is_empty() {
            return Ok(first_due_of_all(self.db.read(), now, limit).await?);
        }
        let types: Vec<String> = by_type
            .iter()
            .filter(waits)
            .map(|(job_type, _)| job_type.clone())
            .collect();
        Ok(first_due(self.db.read(), &types, &[], now, limit).await?)
    }
}
