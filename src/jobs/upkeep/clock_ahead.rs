//! clock_ahead: difference between this server's clock and the clock of the database.

use crate::{error::Result, jobs::JobManager};
use chrono::TimeDelta;

/// Difference from which on this server's clock is corrected: more than a slow answer of the
/// database explains.
const MIN_CORRECTION: TimeDelta = TimeDelta::milliseconds(500);

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

    /// Corrects this server's clock by its difference to the clock of the database, which decides
    /// for all servers. Returns the difference that is left: none, unless the clock cannot be
    /// corrected.
    pub async fn set_clock(&self) -> Result<Option<TimeDelta>> {
        let asked = self.clock.monotonic();
        let Some(ahead) = self.clock_ahead().await? else {
            return Ok(None);
        };
        let took = self.clock.monotonic().saturating_sub(asked);
        if ahead.abs() < TimeDelta::from_std(took).unwrap_or_default() {
            // The answer took so long that it says nothing.
            return Ok(Some(TimeDelta::zero()));
        }
        if ahead.abs() < MIN_CORRECTION {
            return Ok(Some(ahead));
        }
        let before = self.now();
        self.clock.correct(ahead);
        // A clock that can be corrected shows it at once; little time passes between both looks.
        let corrected = before - self.now();
        if (corrected - ahead).abs() > MIN_CORRECTION {
            return Ok(Some(ahead));
        }
        tracing::warn!(
            seconds_ahead = ahead.as_seconds_f64(),
            "the clocks of this server and the database differ; the server uses the time of the \
            database: synchronise both with NTP"
        );
        Ok(Some(ahead - corrected))
    }
}
