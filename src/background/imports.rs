//! Loops over imports: those whose process is gone, and deletion of old ones.

use super::Loop;
use crate::{
    error::Result,
    jobs::{JobManager, PrunedImports},
};
use chrono::TimeDelta;
use std::time::Duration;

pub struct FailOrphanedImports;

impl Loop for FailOrphanedImports {
    const NAME: &'static str = "give_up_imports";
    const PERIOD: Duration = Duration::from_secs(30);

    async fn run_once(&self, jobs: &JobManager) -> Result<u64> {
        let runs = jobs.fail_orphaned_imports().await?;
        if runs > 0 {
            tracing::warn!(
                runs,
                "imports failed because their process is gone: start them again"
            );
        }
        Ok(runs)
    }
}

/// Deletes imports that ended before this time; `None` sets no such limit.
pub struct PruneImports {
    pub keep: Option<TimeDelta>,
}

impl Loop for PruneImports {
    const NAME: &'static str = "prune_imports";
    const PERIOD: Duration = Duration::from_secs(60 * 60);

    async fn run_once(&self, jobs: &JobManager) -> Result<u64> {
        let pruned = jobs.prune_imports(self.keep).await?;
        if pruned != PrunedImports::default() {
            tracing::info!(
                runs = pruned.runs,
                emptied = pruned.emptied,
                "old imports deleted"
            );
        }
        Ok(pruned.runs + pruned.emptied)
    }
}
