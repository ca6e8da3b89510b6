//! Instruments of one server, and their text for Prometheus.
//!
//! The hot path only adds to atomics that it has at hand: no lock, and no lookup by label. A scrape
//! reads them, together with what is measured at that moment, into a registry of its own.

mod collect;
mod distribution;
mod families;
mod job_types;
mod measured;
mod queries;
mod requests;
mod text;
mod type_labels;
mod writer;

pub use distribution::Distribution;
pub use families::{FAMILIES, Family};
pub use job_types::{Ending, JobTypes, MAX_TYPES, OTHER};
pub use measured::{Connections, DatabaseNumbers, Files, LoopNumbers, Measured, RedisReads};
pub use queries::{Queries, QueryKind};
pub use requests::{LEGACY_PREFIX, Requests};
pub use text::{Format, text};

use std::sync::atomic::{AtomicU64, Ordering};

/// Upper bounds of the distribution of the number of writes in a transaction.
const BATCH_SIZES: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

/// Upper bounds of short durations in seconds: of statements and commits.
const SHORT: &[f64] = &[
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0,
];

/// Everything that a server counts while it works.
#[derive(Debug)]
pub struct Instruments {
    pub requests: Requests,
    pub jobs: JobTypes,
    pub queries: Queries,
    /// Number of writes in each transaction.
    pub batch_sizes: Distribution,
    /// Seconds of each commit.
    pub commits: Distribution,
    blocked: AtomicU64,
}

impl Default for Instruments {
    fn default() -> Self {
        Self {
            requests: Requests::default(),
            jobs: JobTypes::default(),
            queries: Queries::default(),
            batch_sizes: Distribution::new(BATCH_SIZES),
            commits: Distribution::new(SHORT),
            blocked: AtomicU64::new(0),
        }
    }
}

impl Instruments {
    /// Counts a write that found its row locked by another transaction.
    pub fn write_blocked(&self) {
        self.blocked.fetch_add(1, Ordering::Relaxed);
    }

    pub fn blocked_writes(&self) -> u64 {
        self.blocked.load(Ordering::Relaxed)
    }
}
