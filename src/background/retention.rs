//! Loops over ended jobs that were kept long enough, and over the space that they leave.

use super::Loop;
use crate::{error::Result, jobs::JobManager};
use std::time::Duration;

/// Deletes or archives ended jobs, by the older of two looks at the clock.
pub struct Retain;

impl Loop for Retain {
    const NAME: &'static str = "retain";
    const PERIOD: Duration = Duration::from_secs(10 * 60);

    async fn run_once(&self, jobs: &JobManager) -> Result<u64> {
        jobs.retain_when_certain().await
    }
}

/// Gives free pages of a SQLite file back to the file system.
pub struct ReturnPages;

impl Loop for ReturnPages {
    const NAME: &'static str = "return_pages";
    const PERIOD: Duration = Duration::from_secs(60 * 60);

    async fn run_once(&self, jobs: &JobManager) -> Result<u64> {
        jobs.return_pages().await
    }
}
