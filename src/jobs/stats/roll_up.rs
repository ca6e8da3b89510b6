//! roll_up_stats: adds events to the statistics, in the background of every server.

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

/// Retention of the time buckets; the statistics report at most a week.
const KEEP_FINE_BUCKETS_FOR: TimeDelta = TimeDelta::days(8);

impl JobManager {
    /// Rolls up all events whose places in the history are final, page by page, and returns the
    /// number of pages. Servers may run this at the same time.
    pub async fn roll_up_stats(&self) -> Result<u64> {
        let position = position(self.db.read(), STATS).await?;
        if crate::db::last_position(self.db.read()).await? <= position {
            return Ok(0);
        }
        let upto = Tail::from_end(self.db.read().clone()).await?.position();
        let mut pages = 1;
        while self
            .db
            .commit(RollUp {
                upto,
                keep_since: self.now() - KEEP_FINE_BUCKETS_FOR,
            })
            .await?
        {
            pages += 1;
        }
        Ok(pages)
    }
}
