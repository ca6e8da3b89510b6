//! preview_retention: counts the jobs that retention would remove now.

use crate::{
    db::{ENDED, EndedJobs},
    error::Result,
    jobs::JobManager,
    lifecycle::{KeepRules, Then},
};
use entity::JobStatus;

/// Jobs that would go, and the rules that say so.
#[derive(Clone, Debug)]
pub struct RetentionPreview {
    pub rules: KeepRules,
    pub counts: Vec<RetentionCount>,
    /// Whether the server has an archive; without one, jobs that are to be archived stay.
    pub has_archive: bool,
}

/// Number of jobs of a status and a type that ended in a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionCount {
    pub then: Then,
    pub status: JobStatus,
    pub job_type: String,
    /// Year and month of the end, such as `2026-01`.
    pub month: String,
    pub jobs: u64,
}

impl RetentionPreview {
    /// Number of jobs that would be deleted or archived.
    pub fn jobs(&self, then: Then) -> u64 {
        let counts = self.counts.iter().filter(|count| count.then == then);
        counts.map(|count| count.jobs).sum()
    }
}

impl JobManager {
    /// Counts the jobs that retention would remove now, by status, type and month of their end.
    pub async fn preview_retention(&self) -> Result<RetentionPreview> {
        let (rules, now) = (self.keep_rules().await?, self.now());
        let mut counts = Vec::new();
        for then in Then::ALL {
            let of_then = rules.that(then);
            for status in ENDED {
                let jobs = EndedJobs {
                    rules: &of_then,
                    status,
                    now,
                    seen_upto: None,
                };
                let found = self.db.count_ended(&jobs).await?;
                counts.extend(found.into_iter().map(|count| RetentionCount {
                    then,
                    status,
                    job_type: count.job_type,
                    month: count.month,
                    jobs: count.jobs,
                }));
            }
        }
        Ok(RetentionPreview {
            rules,
            counts,
            has_archive: self.storage().archive.is_some(),
        })
    }
}
