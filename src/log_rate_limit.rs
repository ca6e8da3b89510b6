//! Rate limit of log lines about events that may occur a thousand times per second.

use std::time::Duration;
use tokio::time::Instant;

/// Minimum time between two lines.
const PERIOD: Duration = Duration::from_secs(60);

/// Counter of an event, which allows a log line about it once per minute.
#[derive(Default)]
pub struct LogRateLimit {
    count: u64,
    written: Option<Instant>,
}

impl LogRateLimit {
    /// Counts one event. Returns the number of events since the last line if a new line is due.
    pub fn count(&mut self) -> Option<u64> {
        self.count += 1;
        let now = Instant::now();
        if self.written.is_some_and(|written| now < written + PERIOD) {
            return None;
        }
        self.written = Some(now);
        Some(std::mem::take(&mut self.count))
    }
}
