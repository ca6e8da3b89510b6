//! Jobs whose worker was not heard of in time.

use super::Loop;
use crate::{error::Result, jobs::JobManager};
use std::time::Duration;

pub struct RescueJobs(pub JobManager);

impl Loop for RescueJobs {
    const NAME: &'static str = "rescue";
    const PERIOD: Duration = Duration::from_secs(1);

    async fn run_once(&self) -> Result<()> {
        let rescued = self.0.rescue_jobs().await?;
        if rescued > 0 {
            tracing::warn!(rescued, "jobs were taken from workers that were not heard of in time");
        }
        Ok(())
    }
}
