//! Events become part of the statistics.

use super::Loop;
use crate::{error::Result, jobs::JobManager};
use std::time::Duration;

pub struct RollUpStats(pub JobManager);

impl Loop for RollUpStats {
    const NAME: &'static str = "stats";
    const PERIOD: Duration = Duration::from_secs(5);

    async fn run_once(&self) -> Result<()> {
        self.0.roll_up_stats().await
    }
}
