//! prune_imports: deletes old import runs, and rejects beyond the limit for all runs together.

use crate::{
    db::{EndedImport, write::PruneImport},
    error::Result,
    jobs::JobManager,
};
use chrono::TimeDelta;

/// Maximum number of rejects that one transaction deletes; other writers run in between. A reject
/// may have up to 1 MiB.
const MAX_BATCH_REJECTS: u64 = 200;

/// Maximum size of the rejects of all runs together, in bytes.
const MAX_REJECT_BYTES: i64 = 1 << 30;

/// Maximum number of import runs to keep.
const MAX_RUNS: usize = 10_000;

/// Numbers of deleted runs and of runs that lost their rejects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    pub runs: u64,
    /// Runs that stay, without their rejects.
    pub emptied: u64,
}

impl JobManager {
    /// Deletes the runs that ended longer ago than `keep`, with their rejects; the oldest runs
    /// beyond 10,000; and the rejects of the oldest runs while those of all runs exceed 1 GiB.
    /// Imported jobs stay.
    pub async fn prune_imports(&self, keep: Option<TimeDelta>) -> Result<Pruned> {
        let ended = self.db.ended_imports().await?;
        let before = keep.map(|keep| self.now() - keep);
        let (mut pruned, mut bytes) = (Pruned::default(), 0);
        for (newer, run) in ended.into_iter().enumerate() {
            let EndedImport {
                id,
                finished_at,
                reject_bytes,
            } = run;
            let old = before
                .zip(finished_at)
                .is_some_and(|(before, finished)| finished < before);
            bytes += reject_bytes;
            if old || newer >= MAX_RUNS {
                self.prune_import(&id, true).await?;
                pruned.runs += 1;
            } else if bytes > MAX_REJECT_BYTES && reject_bytes > 0 {
                self.prune_import(&id, false).await?;
                pruned.emptied += 1;
            }
        }
        Ok(pruned)
    }

    async fn prune_import(&self, id: &str, run_too: bool) -> Result<()> {
        while self
            .db
            .commit(PruneImport {
                id: id.to_owned(),
                at_most: MAX_BATCH_REJECTS,
                run_too,
            })
            .await?
        {}
        Ok(())
    }
}
