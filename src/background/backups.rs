//! Loop that makes backups.

use super::Loop;
use crate::{
    error::Result,
    jobs::{BackupFolder, JobManager},
};
use std::time::Duration;

/// Makes a backup when the newest in the folder is old enough.
pub struct BackUp {
    pub folder: BackupFolder,
}

impl Loop for BackUp {
    const NAME: &'static str = "back_up";
    const PERIOD: Duration = Duration::from_secs(20);

    async fn run_once(&self, jobs: &JobManager) -> Result<u64> {
        jobs.back_up_when_due(&self.folder).await
    }
}
