//! wait_for_job: waits for the next change of a job.

use crate::{error::Result, jobs::JobManager};
use entity::job;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

impl JobManager {
    /// Returns the job as soon as its version is greater than `since_version` (default: the current
    /// one), or its current state after the wait.
    ///
    /// Errors: `job_not_found`, `overloaded` when the server has reached its limit of waiting
    /// calls.
    pub async fn wait_for_job(
        &self,
        id: &str,
        since_version: Option<i64>,
        wait: Duration,
    ) -> Result<job::Model> {
        let place = self.job_waits.enter(id)?;
        let deadline = Instant::now() + wait;
        let mut changed = std::pin::pin!(place.wake.notified());
        // Registers interest before the query, so that a notification arriving meanwhile is not
        // missed.
        changed.as_mut().enable();
        let mut job = Box::pin(self.get_job(id)).await?;
        let since = since_version.unwrap_or(job.version);
        while job.version <= since && Instant::now() < deadline {
            let look = deadline.min(Instant::now() + self.job_waits.patience());
            let over = tokio::select! {
                () = changed.as_mut() => false,
                () = sleep_until(look) => false,
                () = self.feed.ended() => true,
            };
            changed.set(place.wake.notified());
            changed.as_mut().enable();
            let Some(_turn) = self.job_waits.turn(deadline).await else {
                break;
            };
            job = Box::pin(self.get_job(id)).await?;
            if over {
                break;
            }
        }
        Ok(job)
    }
}
