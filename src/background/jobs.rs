//! Loops over jobs: rescue after a lease has ended, and deletion of old history.

use super::Loop;
use crate::{error::Result, jobs::JobManager};
use chrono::TimeDelta;
use std::time::Duration;

/// Gives jobs whose leases have run out back to the queue; at most one and a half periods late.
pub struct RescueJobs;

impl Loop for RescueJobs {
    const NAME: &'static str = "rescue_jobs";
    const PERIOD: Duration = Duration::from_secs(1);

    async fn run_once(&self, jobs: &JobManager) -> Result<u64> {
        let rescued = match jobs.set_clock().await {
            Ok(ahead) => jobs.watch_leases(ahead).await?,
            Err(error) => {
                jobs.lease_watch_failed();
                return Err(error);
            }
        };
        if rescued > 0 {
            tracing::warn!(
                rescued,
                "rescued jobs whose leases ended without a heartbeat"
            );
        }
        Ok(rescued)
    }
}

/// Deletes the oldest log lines of jobs that have more than `keep`.
pub struct PruneLogLines {
    pub keep: u64,
}

impl Loop for PruneLogLines {
    const NAME: &'static str = "prune_log_lines";
    const PERIOD: Duration = Duration::from_secs(5);

    async fn run_once(&self, jobs: &JobManager) -> Result<u64> {
        jobs.prune_log_lines(self.keep).await
    }
}

/// Deletes the history of jobs that ended before this time.
pub struct PruneEvents {
    pub keep: TimeDelta,
}

impl Loop for PruneEvents {
    const NAME: &'static str = "clean_up";
    const PERIOD: Duration = Duration::from_secs(60 * 60);

    async fn run_once(&self, jobs: &JobManager) -> Result<u64> {
        let events = jobs.prune_events(self.keep).await?;
        if events > 0 {
            tracing::info!(events, "old job history deleted");
        }
        Ok(events)
    }
}
