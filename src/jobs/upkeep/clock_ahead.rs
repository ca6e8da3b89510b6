//! clock_ahead: difference between this server's clock and the clock of the database.

use crate::{error::Result, jobs::JobManager};
use chrono::TimeDelta;

impl JobManager {
    /// Returns how far this server's clock is ahead of the database's clock, which all servers can
    /// read; negative if it is behind. `None` on SQLite, where all processes share one host and its
    /// clock.
    pub async fn clock_ahead(&self) -> Result<Option<TimeDelta>> {
        let asked = self.now();
        let Some(there) = self.db.clock().await? else {
            return Ok(None);
        };
        // The database read its clock at some moment between the two local readings.
        let here = asked + (self.now() - asked) / 2;
        Ok(Some(here - there))
    }
}
