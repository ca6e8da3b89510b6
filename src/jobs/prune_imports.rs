//! prune_imports: runs of the importer that nobody asks for any more go, and rejects beyond what is kept of all runs.

use super::JobManager;
use crate::{
    db::{Readable, write::PruneImport},
    error::Result,
};
use chrono::TimeDelta;
use entity::import::{self, ImportStatus};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// Rejects that are taken away at once: others write between two transactions. Each may have a mebibyte.
const AT_ONCE: u64 = 200;

/// Bytes of rejects that are kept of all runs.
const BYTES: i64 = 1 << 30;

/// Runs that are kept.
const RUNS: usize = 10_000;

/// What was taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    pub runs: u64,
    /// Runs that stay, without their rejects.
    pub emptied: u64,
}

impl JobManager {
    /// Takes away the runs that ended longer ago than this, with their rejects; the oldest runs beyond 10,000; and the
    /// rejects of the oldest runs where those of all runs have more than 1 GiB. The jobs that came in stay.
    pub async fn prune_imports(&self, keep: Option<TimeDelta>) -> Result<Pruned> {
        use import::Column as C;
        let ended = import::Entity::find().filter(C::Status.ne(ImportStatus::Running));
        let ended = ended.select_only().columns([C::Id, C::FinishedAt, C::RejectBytes]);
        let ended = ended.order_by_desc(C::StartedAt).order_by_desc(C::Id).into_tuple();
        let ended: Vec<(String, Option<chrono::DateTime<chrono::Utc>>, i64)> = ended.rows(self.db.read()).await?;
        let before = keep.map(|keep| self.now() - keep);
        let (mut pruned, mut bytes) = (Pruned::default(), 0);
        for (newer, (id, finished_at, of_it)) in ended.into_iter().enumerate() {
            let old = before.zip(finished_at).is_some_and(|(before, finished)| finished < before);
            bytes += of_it;
            if old || newer >= RUNS {
                self.prune_import(&id, true).await?;
                pruned.runs += 1;
            } else if bytes > BYTES && of_it > 0 {
                self.prune_import(&id, false).await?;
                pruned.emptied += 1;
            }
        }
        Ok(pruned)
    }

    async fn prune_import(&self, id: &str, run_too: bool) -> Result<()> {
        while self.db.commit(PruneImport { id: id.to_owned(), at_most: AT_ONCE, run_too }).await? {}
        Ok(())
    }
}
