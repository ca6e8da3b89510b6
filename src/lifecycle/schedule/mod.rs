//! Times of schedules: which follow after a time, and what a server does that comes late.

mod plan;
mod span;
mod timing;
mod zone;

pub use plan::{MAX_MISSED_RUNS, Plan, Policy, jitter};
pub use span::span;
pub use timing::Timing;
pub use zone::zone_named;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// Times of a schedule, within its first and its last moment.
#[derive(Clone, Debug)]
pub struct Rule {
    pub timing: Timing,
    pub starts_at: Option<DateTime<Utc>>,
    pub ends_at: Option<DateTime<Utc>>,
}

impl Rule {
    /// Returns the first time after `time`; `None` if no more follow before the year 10000.
    pub fn after(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let before_start = self
            .starts_at
            .map(|start| start - TimeDelta::microseconds(1));
        let time = before_start.map_or(time, |start| start.max(time));
        // Times are whole seconds: the rest of a second changes nothing but the rounding.
        let next = self.timing.after(time.trunc_subsecs(0))?;
        self.ends_at.is_none_or(|end| next <= end).then_some(next)
    }

    /// Returns the first `count` times after `time`.
    pub fn times_after(&self, time: DateTime<Utc>, count: usize) -> Vec<DateTime<Utc>> {
        std::iter::successors(self.after(time), |last| self.after(*last))
            .take(count)
            .collect()
    }
}
