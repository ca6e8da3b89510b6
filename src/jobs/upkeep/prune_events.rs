//! prune_events: deletes the old history of ended jobs.

use crate::{
    db::write::{PruneEvents, slowest_position},
    error::Result,
    jobs::JobManager,
};
use chrono::TimeDelta;

/// Maximum number of events per batch. Other writers run between the transactions of two batches.
const MAX_BATCH_EVENTS: u64 = 1000;

impl JobManager {
    /// Deletes the events of jobs that ended longer ago than `keep`, except the last event of each
    /// job, and returns the number of deleted events. The jobs themselves stay, and so do events
    /// that the statistics or a webhook have not read yet.
    pub async fn prune_events(&self, keep: TimeDelta) -> Result<u64> {
        let ended_before = self.now() - keep;
        let upto = slowest_position(self.db.read()).await?;
        let (mut after, mut events) = (0, 0);
        loop {
            let piece = PruneEvents {
                after,
                upto,
                at_most: MAX_BATCH_EVENTS,
                ended_before,
            };
            // Every server reads the remaining events again on each run. This read takes no
            // transaction, so that it blocks no writer.
            let mut pruned = piece.look(self.db.read()).await?;
            if pruned.events > 0 {
                pruned = self.db.commit(piece).await?;
            }
            events += pruned.events;
            match pruned.next {
                Some(next) => after = next,
                None => return Ok(events),
            }
        }
    }
}
