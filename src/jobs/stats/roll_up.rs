//! roll_up_stats: adds events to the statistics, in the background of every server.

use crate::{
    db::write::{RollUp, position},
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
    ///
    /// Errors: `database_unavailable`, when transactions of other programs stay open that may still
    /// write earlier events; those that are certain are rolled up.
    pub async fn roll_up_stats(&self) -> Result<u64> {
        let position = position(self.db.read(), STATS).await?;
        let follower = RollUp {
            keep_since: self.now() - KEEP_FINE_BUCKETS_FOR,
        };
        match self.certain_behind(position).await? {
            None => Ok(0),
            Some(certain) => {
                let pages = self.follow("roll_up_stats", follower, certain.position);
                certain.whole(pages.await?)
            }
        }
    }
}
