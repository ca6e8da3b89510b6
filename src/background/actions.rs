//! Loop that runs actions on many jobs.

use super::Loop;
use crate::{error::Result, jobs::JobManager};
use std::time::Duration;

/// Runs actions. The period bounds how long an action waits that another server began or abandoned.
pub struct RunActions;

impl Loop for RunActions {
    const NAME: &'static str = "run_actions";
    const PERIOD: Duration = Duration::from_secs(5);

    async fn run_once(&self, jobs: &JobManager) -> Result<u64> {
        jobs.run_actions().await
    }

    async fn wake(&self, jobs: &JobManager) {
        jobs.action_begun().await;
    }
}
