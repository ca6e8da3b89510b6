//! Policy for jobs that were processing when the legacy store's service ended. No worker has such a
//! job any more, but only the operator can decide what follows: by default the job stays processing
//! and shows as stale until the operator calls `recover`.

use super::record::Record;
use entity::{ItemStatus, JobStatus};
use std::str::FromStr;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interrupted {
    /// The job stays processing.
    #[default]
    Keep,
    /// The job fails at the time of its last known change.
    Fail,
    /// The job goes back to the queue. Finished items stay finished.
    Requeue,
}

impl Interrupted {
    pub const ALL: [Interrupted; 3] = [Interrupted::Keep, Interrupted::Fail, Interrupted::Requeue];

    pub fn name(self) -> &'static str {
        match self {
            Interrupted::Keep => "keep",
            Interrupted::Fail => "fail",
            Interrupted::Requeue => "requeue",
        }
    }

    /// Applies the policy to a record that is processing, and to its items that are processing.
    pub fn settle(self, record: &mut Record) {
        let (status, item, rule) = match self {
            _ if record.status != JobStatus::Processing => return,
            Interrupted::Keep => return,
            Interrupted::Fail => (
                JobStatus::Failed,
                ItemStatus::Failed,
                "interrupted_job_failed",
            ),
            Interrupted::Requeue => (
                JobStatus::Queued,
                ItemStatus::Pending,
                "interrupted_job_queued",
            ),
        };
        record.status = status;
        if status == JobStatus::Failed {
            record
                .error
                .get_or_insert_with(|| "The service stopped before the job finished.".to_owned());
        }
        record
            .items
            .iter_mut()
            .filter(|i| i.status == ItemStatus::Processing)
            .for_each(|i| i.status = item);
        record.legacy.repaired("status", rule);
    }
}

impl FromStr for Interrupted {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|word| word.name() == name);
        found.ok_or_else(|| {
            format!(
                "`{name}` is none of: {}",
                Self::ALL.map(Self::name).join(", ")
            )
        })
    }
}
