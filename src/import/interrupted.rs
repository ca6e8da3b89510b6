//! What becomes of a job that was processing in a store whose process is gone. Nobody works on it any more, but what
//! that means is for the operator to say: by default it stays as it is, shows as stale, and `recover` takes it.

use super::record::Record;
use entity::{ItemStatus, JobStatus};
use std::str::FromStr;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interrupted {
    /// It stays processing.
    #[default]
    Keep,
    /// It failed when the store knew of it last.
    Fail,
    /// It is queued again. Items that are done stay done.
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

    /// Settles a record that is processing. Its items that were being worked on share its fate.
    pub fn settle(self, record: &mut Record) {
        let (status, item, rule) = match self {
            _ if record.status != JobStatus::Processing => return,
            Interrupted::Keep => return,
            Interrupted::Fail => (JobStatus::Failed, ItemStatus::Failed, "interrupted_job_failed"),
            Interrupted::Requeue => (JobStatus::Queued, ItemStatus::Pending, "interrupted_job_queued"),
        };
        record.status = status;
        if status == JobStatus::Failed {
            record.error.get_or_insert_with(|| "The service that ran the job ended before the job did.".to_owned());
        }
        record.items.iter_mut().filter(|i| i.status == ItemStatus::Processing).for_each(|i| i.status = item);
        record.kept.repaired("status", rule);
    }
}

impl FromStr for Interrupted {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|word| word.name() == name);
        found.ok_or_else(|| format!("`{name}` is none of: {}", Self::ALL.map(Self::name).join(", ")))
    }
}
