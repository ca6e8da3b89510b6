//! clean_up: history that nobody asks for any more goes.

use super::JobManager;
use crate::{db::write::PruneEvents, error::Result};
use chrono::TimeDelta;

/// Events that are looked at at once: others write between two transactions that take some away.
const AT_ONCE: u64 = 1000;

impl JobManager {
    /// Takes away the events, all but the last, of jobs that ended longer ago than this, and answers with how many. The
    /// jobs themselves stay.
    pub async fn clean_up(&self, keep: TimeDelta) -> Result<u64> {
        let ended_before = self.now() - keep;
        let (mut after, mut events) = (0, 0);
        loop {
            let piece = PruneEvents { after, at_most: AT_ONCE, ended_before };
            // What stays is looked through again each time, by each server: that must keep no writer waiting.
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
