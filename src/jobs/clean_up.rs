//! clean_up: history that nobody asks for any more goes.

use super::JobManager;
use crate::{db::write::PruneEvents, error::Result};
use chrono::TimeDelta;

/// Events that one transaction looks at: others write between two of them.
const AT_ONCE: u64 = 1000;

impl JobManager {
    /// Takes away the events, all but the last, of jobs that ended longer ago than this, and answers with how many. The
    /// jobs themselves stay.
    pub async fn clean_up(&self, keep: TimeDelta) -> Result<u64> {
        let ended_before = self.now() - keep;
        let (mut after, mut events) = (0, 0);
        loop {
            let pruned = self.db.commit(PruneEvents { after, at_most: AT_ONCE, ended_before }).await?;
            events += pruned.events;
            match pruned.next {
                Some(next) => after = next,
                None => return Ok(events),
            }
        }
    }
}
