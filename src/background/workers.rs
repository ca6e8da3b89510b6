//! Loops over workers: when each was last heard of, and deletion of those that are long gone.

use super::Loop;
use crate::{error::Result, jobs::JobManager};
use std::time::Duration;

pub struct NoteWorkers;

impl Loop for NoteWorkers {
    const NAME: &'static str = "note_workers";
    const PERIOD: Duration = Duration::from_secs(2);

    async fn run_once(&self, jobs: &JobManager) -> Result<u64> {
        jobs.note_workers().await
    }
}

pub struct ForgetWorkers;

impl Loop for ForgetWorkers {
    const NAME: &'static str = "forget_workers";
    const PERIOD: Duration = Duration::from_secs(600);

    async fn run_once(&self, jobs: &JobManager) -> Result<u64> {
        jobs.forget_workers().await
    }
}

pub struct PruneJobTokens;

impl Loop for PruneJobTokens {
    const NAME: &'static str = "prune_job_tokens";
    const PERIOD: Duration = Duration::from_secs(10 * 60);

    async fn run_once(&self, jobs: &JobManager) -> Result<u64> {
        jobs.prune_job_tokens().await
    }
}
