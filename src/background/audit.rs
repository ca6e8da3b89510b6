//! Loops over the audit: calls that are not stored yet, and deletion of old ones.

use super::Loop;
use crate::{error::Result, jobs::JobManager};
use std::time::Duration;

pub struct StoreAudit;

impl Loop for StoreAudit {
    const NAME: &'static str = "store_audit";
    const PERIOD: Duration = Duration::from_secs(1);

    async fn run_once(&self, jobs: &JobManager) -> Result<u64> {
        jobs.store_audit(false).await
    }
}

pub struct PruneAudit;

impl Loop for PruneAudit {
    const NAME: &'static str = "prune_audit";
    const PERIOD: Duration = Duration::from_secs(60 * 60);

    async fn run_once(&self, jobs: &JobManager) -> Result<u64> {
        jobs.prune_audit().await
    }
}
