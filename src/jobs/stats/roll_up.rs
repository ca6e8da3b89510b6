//! roll_up_stats: events become part of the statistics, in the background of every server.

use crate::{
    db::{Tail, write::RollUp},
    error::Result,
    jobs::JobManager,
};
use chrono::TimeDelta;
use entity::job_stats_position;
use sea_orm::EntityTrait;

/// How long spans are kept; a week is told.
const KEPT: TimeDelta = TimeDelta::days(8);

impl JobManager {
    /// Rolls up everything that no event will come before any more. Servers may do so at the same time.
    pub async fn roll_up_stats(&self) -> Result<()> {
        let row = job_stats_position::Entity::find().one(self.db.read()).await?;
        let position = row.map_or(0, |row| row.position);
        if crate::db::last_position(self.db.read()).await? <= position {
            return Ok(());
        }
        let upto = Tail::from_end(self.db.read().clone()).await?.position();
        while self.db.commit(RollUp { upto, keep_since: self.now() - KEPT }).await? {}
        Ok(())
    }
}
