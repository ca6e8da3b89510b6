//! roll_up_stats: adds events to the statistics, in the background of every server.

use crate::{
    db::{
        certain_behind,
        write::{RollUp, position},
    },
    error::{Error, Result},
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
        if crate::db::last_position(self.db.read()).await? <= position {
            return Ok(0);
        }
        let certain = certain_behind(self.db.read(), position).await?;
        let upto = certain.position;
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
        match certain.waits_for {
            Some(pids) => Err(Error::Waits(pids)),
            None => Ok(pages),
        }
    }
}
