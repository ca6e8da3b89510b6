//! The time, as a value that is handed in: tests decide it.

use chrono::{DateTime, SubsecRound, Utc};

pub trait Clock: Send + Sync {
    /// The present moment, cut to microseconds: what PostgreSQL keeps, so that a time read back equals the one written.
    fn now(&self) -> DateTime<Utc>;
}

pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6)
    }
}
