//! Steps of a walk over jobs that are examined one by one.

use crate::lifecycle::Filter;
use std::time::Duration;
use tokio::time::Instant;

/// Number of jobs examined in the first step. If many jobs match, the page is full after it.
const FIRST_STEP: u64 = 1000;
/// Number of jobs examined in the first step of a text search.
const FIRST_TEXT_STEP: u64 = 200;

/// Maximum number of jobs examined in one step.
const MAX_STEP: u64 = 200_000;
/// Maximum number of jobs examined in one step of a text search, which may take long for each job.
const MAX_TEXT_STEP: u64 = 5000;

/// Duration below which a step is followed by a larger one.
const QUICK_STEP: Duration = Duration::from_millis(200);

/// Step size and deadline of a walk over jobs that are examined one by one.
pub(super) struct ScanSteps {
    began: Instant,
    until: Instant,
    step: u64,
    most: u64,
}

impl ScanSteps {
    pub(super) fn new(filter: &Filter, time: Duration) -> Self {
        let (step, most) = if filter.searches_text() {
            (FIRST_TEXT_STEP, MAX_TEXT_STEP)
        } else {
            (FIRST_STEP, MAX_STEP)
        };
        let began = Instant::now();
        Self {
            began,
            until: began + time,
            step,
            most,
        }
    }

    /// Begins a step, and returns the number of jobs to examine.
    pub(super) fn begin(&mut self, left: u64) -> u64 {
        self.began = Instant::now();
        self.step.min(left)
    }

    /// Ends a step, and adapts the size of the next one. Returns false if no time is left for it.
    pub(super) fn go_on(&mut self) -> bool {
        let took = self.began.elapsed();
        if took < QUICK_STEP {
            self.step = (self.step * 5).min(self.most);
        } else if took > 4 * QUICK_STEP {
            self.step = (self.step / 4).max(1);
        }
        Instant::now() < self.until
    }

    pub(super) fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}
