//! run_retention: removes the jobs that were kept long enough.

use crate::{
    db::{
        ENDED, EndedJob, EndedJobs,
        write::{RemoveEnded, ReturnPages, slowest_position},
    },
    error::{Error, Result},
    jobs::JobManager,
    lifecycle::{Cursor, KeepRules, Then},
};
use chrono::{DateTime, Utc};

/// Maximum jobs that a transaction deletes. Other writers run between two transactions.
const MAX_BATCH_JOBS: u64 = 200;

/// Maximum jobs in an object of the archive.
const MAX_ARCHIVE_JOBS: u64 = 500;

/// Maximum free pages that a run gives back to the file system.
const MAX_RETURNED_PAGES: u64 = 1000;

/// Jobs that a run removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RetentionRun {
    pub deleted: u64,
    pub archived: u64,
}

impl JobManager {
    /// Removes the jobs that were kept as long as the rules say, by the time of the clock. Leaves
    /// out jobs with the label `keep=true`, and jobs whose history the statistics or another reader
    /// has not met yet. All servers may run this at the same time.
    ///
    /// Errors: `archive_unavailable`; all jobs that are to be deleted are gone then.
    pub async fn run_retention(&self) -> Result<RetentionRun> {
        self.retain(self.now()).await
    }

    /// Removes jobs like [`JobManager::run_retention`], by the older of two looks at the clock: a
    /// clock that jumps ahead removes nothing early. Returns the number of removed jobs.
    pub async fn retain_when_certain(&self) -> Result<u64> {
        let certain = self.looks.certain(self.now(), self.clock.monotonic());
        let Some(now) = certain else {
            return Ok(0);
        };
        let done = self.retain(now).await?;
        if done != RetentionRun::default() {
            tracing::info!(
                deleted = done.deleted,
                archived = done.archived,
                "ended jobs removed that were kept long enough"
            );
        }
        Ok(done.deleted + done.archived)
    }

    /// Archives the jobs whose rule says so and that were kept long enough. Returns their number.
    ///
    /// Errors: `archive_unavailable`, `archive_damaged`.
    pub async fn archive_ended(&self) -> Result<u64> {
        self.archive_store()?;
        self.count_history().await?;
        self.archive_all(self.now()).await
    }

    /// Gives free pages of a SQLite file back to the file system, a thousand at most, and returns
    /// how many.
    pub async fn return_pages(&self) -> Result<u64> {
        let Some(before @ 1..) = self.db.free_pages().await? else {
            return Ok(0);
        };
        let at_most = MAX_RETURNED_PAGES;
        self.db.commit(ReturnPages { at_most }).await?;
        let after = self.db.free_pages().await?.unwrap_or(before);
        Ok(before.saturating_sub(after))
    }

    async fn retain(&self, now: DateTime<Utc>) -> Result<RetentionRun> {
        self.count_history().await?;
        let deleted = self.remove_all(Then::Delete, now).await?;
        let archived = self.archive_all(now).await?;
        Ok(RetentionRun { deleted, archived })
    }

    async fn count_history(&self) -> Result<()> {
        match self.roll_up_stats().await {
            // The events that are certain were counted; the jobs of the others stay.
            Err(Error::Waits(_)) | Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn archive_all(&self, now: DateTime<Utc>) -> Result<u64> {
        if self.storage().archive.is_none() {
            return Ok(0);
        }
        self.check_archive_store().await?;
        self.sweep_archives().await?;
        self.remove_all(Then::Archive, now).await
    }

    async fn remove_all(&self, then: Then, now: DateTime<Utc>) -> Result<u64> {
        let rules = self.keep_rules().await?.that(then);
        let seen_upto = Some(slowest_position(self.db.read()).await?);
        let limit = match then {
            Then::Delete => MAX_BATCH_JOBS,
            Then::Archive => MAX_ARCHIVE_JOBS,
        };
        let mut removed = 0;
        for status in ENDED {
            let jobs = EndedJobs {
                rules: &rules,
                status,
                now,
                seen_upto,
            };
            let mut after = None;
            loop {
                let batch = self.db.ended_jobs(&jobs, after.as_ref(), limit).await?;
                let Some(last) = batch.last() else {
                    break;
                };
                after = Some(Cursor {
                    created_at: last.created_at,
                    id: last.id.clone(),
                });
                let is_last = (batch.len() as u64) < limit;
                removed += self.remove_batch(then, &rules, batch).await?;
                if is_last {
                    break;
                }
            }
        }
        Ok(removed)
    }

    async fn remove_batch(
        &self,
        then: Then,
        rules: &KeepRules,
        jobs: Vec<EndedJob>,
    ) -> Result<u64> {
        match then {
            Then::Delete => {
                let media = self.media_of(rules, &jobs).await?;
                let now = self.now();
                let removed = self.db.commit(RemoveEnded { jobs, now }).await?;
                self.remove_media(media, &removed).await;
                Ok(removed.len() as u64)
            }
            Then::Archive => self.archive_jobs(jobs).await,
        }
    }
}
