//! Tasks beside a run: its heartbeats, and what ends it before its time.

use super::stop::{StopFlag, StopReason};
use crate::jobs::JobManager;
use std::time::Duration;

/// Interval at which a run checks whether it was aborted.
const ABORT_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Number of checks between two heartbeats of a run, which it also sends while it waits for a
/// source.
const CHECKS_PER_HEARTBEAT: u64 = 10;

/// Sends heartbeats for the run, and stops it when any server or command has aborted it, until the
/// returned value is dropped.
pub fn watch(jobs: JobManager, id: String, stop: StopFlag) -> AbortOnDrop {
    AbortOnDrop(tokio::spawn(async move {
        for look in 1.. {
            tokio::time::sleep(ABORT_CHECK_INTERVAL).await;
            // The next check makes up for a failed one, and an unavailable database ends the run
            // anyway.
            if jobs.is_aborted(&id).await.is_ok_and(|aborted| aborted) {
                return stop.request_for(StopReason::Aborted);
            }
            if look % CHECKS_PER_HEARTBEAT == 0 {
                let _ = jobs.beat_import(&id).await;
            }
        }
    }))
}

/// Stops a run that exceeds its time limit.
pub fn end_after(limit: Duration, stop: StopFlag) -> AbortOnDrop {
    AbortOnDrop(tokio::spawn(async move {
        tokio::time::sleep(limit).await;
        let reason = format!(
            "The import took longer than the {} seconds that it may: import smaller parts, use \
             `callsheet import`, or start the server with a larger --max-import-seconds.",
            limit.as_secs()
        );
        stop.request_for(StopReason::LimitReached(reason));
    }))
}

/// A task that runs beside an import until this value is dropped.
pub struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
