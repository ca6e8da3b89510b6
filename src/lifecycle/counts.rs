//! Numbers of jobs: by status, and in total.

use entity::JobStatus;

/// Maximum number of jobs that a list counts one by one, under a filter that no stored count
/// covers. If there are more, the list reports this number as a lower bound.
pub const MAX_COUNTED: u64 = 1000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub queued: u64,
    pub processing: u64,
    pub completed: u64,
    pub failed: u64,
    pub cancelled: u64,
}

impl Counts {
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            queued: self.queued.saturating_add(other.queued),
            processing: self.processing.saturating_add(other.processing),
            completed: self.completed.saturating_add(other.completed),
            failed: self.failed.saturating_add(other.failed),
            cancelled: self.cancelled.saturating_add(other.cancelled),
        }
    }

    pub fn total(&self) -> u64 {
        [
            self.queued,
            self.processing,
            self.completed,
            self.failed,
            self.cancelled,
        ]
        .into_iter()
        .fold(0, u64::saturating_add)
    }

    /// Adds a number of jobs in this status.
    pub fn add(&mut self, status: JobStatus, jobs: i64) {
        let field = match status {
            JobStatus::Queued => &mut self.queued,
            JobStatus::Processing => &mut self.processing,
            JobStatus::Completed => &mut self.completed,
            JobStatus::Failed => &mut self.failed,
            JobStatus::Cancelled => &mut self.cancelled,
        };
        *field += jobs.unsigned_abs();
    }
}

/// Number of jobs that match a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Total {
    pub jobs: u64,
    /// False if more jobs than `jobs` may match.
    pub exact: bool,
}

impl Total {
    /// Builds a total from a count that stops at [`MAX_COUNTED`] + 1. `all` is false if the count
    /// left out some jobs.
    pub fn of(counted: u64, all: bool) -> Self {
        Self {
            jobs: Ord::min(counted, MAX_COUNTED),
            exact: all && counted <= MAX_COUNTED,
        }
    }
}

impl std::fmt::Display for Total {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let more = if self.exact { "" } else { "at least " };
        write!(f, "{more}{}", self.jobs)
    }
}
