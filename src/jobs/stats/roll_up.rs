//! roll_up_stats: events become part of the statistics, in the background of every server.

use crate::{
    db::{
        Tail,
        write::{RollUp, position},
    },
    error::Result,
    jobs::JobManager,
};
use chrono::TimeDelta;
use entity::position::STATS;

/// How long spans are kept; a week is told.
const KEPT: TimeDelta = TimeDelta::days(8);

impl JobManager {
    /// Rolls up everything that no event will come before any more, by pages, and answers with how many. Servers may do
    /// so at the same time.
    pub async fn roll_up_stats(&self) -> Result<u64> {
        let position = position(self.db.read(), STATS).await?;
        if crate::db::last_position(self.db.read()).await? <= position {
            return Ok(0);
        }
        let upto = Tail::from_end(self.db.read().clone()).await?.position();
        let mut pages = 1;
        while self.db.commit(RollUp { upto, keep_since: self.now() - KEPT }).await? {
            pages += 1;
        }
        Ok(pages)
    }
}
