//! Loop that creates the jobs of schedules.

use super::Loop;
use crate::{error::Result, jobs::JobManager};
use std::time::Duration;

/// Fires schedules when they are due. The period bounds how late a server learns of a schedule that
/// another server created.
pub struct FireSchedules;

impl Loop for FireSchedules {
    const NAME: &'static str = "fire_schedules";
    const PERIOD: Duration = Duration::from_millis(600);

    async fn run_once(&self, jobs: &JobManager) -> Result<u64> {
        jobs.fire_schedules().await
    }

    async fn wake(&self, jobs: &JobManager) {
        jobs.schedule_due().await;
    }
}
