//! Loops over keys: changes of other processes, and the time when each was last used.

use super::Loop;
use crate::{error::Result, jobs::JobManager};
use std::time::Duration;

pub struct LoadKeys;

impl Loop for LoadKeys {
    const NAME: &'static str = "load_keys";
    /// With the variation of a period, a revoked key is refused within two seconds.
    const PERIOD: Duration = Duration::from_millis(1300);

    async fn run_once(&self, jobs: &JobManager) -> Result<u64> {
        jobs.load_keys().await
    }

    async fn wake(&self, jobs: &JobManager) {
        jobs.keys_changed().await;
    }
}

pub struct NoteKeysUsed;

impl Loop for NoteKeysUsed {
    const NAME: &'static str = "note_keys_used";
    const PERIOD: Duration = Duration::from_secs(20);

    async fn run_once(&self, jobs: &JobManager) -> Result<u64> {
        jobs.note_keys_used().await
    }
}
