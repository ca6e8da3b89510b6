//! Loop that adds new events to the statistics.

use super::Loop;
use crate::{error::Result, jobs::JobManager};
use std::time::Duration;

pub struct RollUpStats;

impl Loop for RollUpStats {
    const NAME: &'static str = "roll_up_stats";
    const PERIOD: Duration = Duration::from_secs(5);

    async fn run_once(&self, jobs: &JobManager) -> Result<u64> {
        jobs.roll_up_stats().await
    }
}
