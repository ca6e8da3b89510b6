//! Clock of this host that two processes share and that nobody sets. On Linux it also counts the
//! time for which the host slept, during which leases run out.

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

#[cfg(target_os = "linux")]
const CLOCK: ClockId = ClockId::Boottime;

#[cfg(not(target_os = "linux"))]
const CLOCK: ClockId = ClockId::Monotonic;

/// Returns the time since an unknown moment before the start of this process.
pub fn uptime() -> Duration {
    Duration::try_from(clock_gettime(CLOCK)).unwrap_or_default()
}
