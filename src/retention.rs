//! Cleans up in the background of a server.

use crate::jobs::JobManager;
use chrono::TimeDelta;
use std::time::Duration;

/// Between two sweeps.
const AGAIN: Duration = Duration::from_secs(60 * 60);

/// Takes old history away, now and again and again; never returns.
pub async fn watch(jobs: JobManager, keep_days: u32) {
    loop {
        match jobs.clean_up(TimeDelta::days(keep_days.into())).await {
            Ok(0) => {}
            Ok(events) => tracing::info!(events, "old history was taken away"),
            Err(error) => tracing::warn!(%error, "old history could not be taken away"),
        }
        tokio::time::sleep(AGAIN).await;
    }
}
