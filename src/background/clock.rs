//! Loop that compares the server's clock with the database's.

use super::Loop;
use crate::{error::Result, jobs::JobManager};
use chrono::TimeDelta;
use std::time::Duration;

/// Difference to the database's clock from which the server logs a warning. Any server may compare
/// a lease with its own clock, and the shortest lease is one second.
const MAX_CLOCK_SKEW: TimeDelta = TimeDelta::seconds(1);

/// Logs a warning while the server's clock is wrong; each such run counts 1.
pub struct CheckClock;

impl Loop for CheckClock {
    const NAME: &'static str = "check_clock";
    const PERIOD: Duration = Duration::from_secs(60);

    async fn run_once(&self, jobs: &JobManager) -> Result<u64> {
        let ahead = jobs.clock_ahead().await?;
        let Some(ahead) = ahead.filter(|ahead| ahead.abs() > MAX_CLOCK_SKEW) else {
            return Ok(0);
        };
        tracing::warn!(
            seconds_ahead = ahead.as_seconds_f64(),
            "the clocks of this server and the database differ: leases may end too early or too \
            late; synchronise both with NTP"
        );
        Ok(1)
    }
}
