//! Log lines about what may happen a thousand times a second.

use std::time::Duration;
use tokio::time::Instant;

/// Between two lines.
const PERIOD: Duration = Duration::from_secs(60);

/// Counts an event, and lets a line be written about it once a minute.
#[derive(Default)]
pub struct Occasional {
    count: u64,
    written: Option<Instant>,
}

impl Occasional {
    /// Counts one. Returns the number since the last line when it is time for the next.
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
