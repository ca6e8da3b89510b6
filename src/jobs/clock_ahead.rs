//! clock_ahead: whether this server's clock is that of the others.

use super::JobManager;
use crate::error::Result;
use chrono::TimeDelta;

impl JobManager {
    /// How far this server's clock is ahead of the database's, which is the one that all servers can ask; less than zero
    /// when it is behind. `None` on SQLite, where all processes share a host and its clock.
    pub async fn clock_ahead(&self) -> Result<Option<TimeDelta>> {
        let asked = self.now();
        let Some(there) = self.db.clock().await? else { return Ok(None) };
        // It was told somewhere in between.
        let here = asked + (self.now() - asked) / 2;
        Ok(Some(here - there))
    }
}
