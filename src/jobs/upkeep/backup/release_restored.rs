//! release_restored: makes a database safe that was restored from a backup, in which the time of
//! the backup is still now.

use crate::{
    db::{
        MarkRestored, View,
        write::{Change, Items, Loaded},
    },
    error::Result,
    jobs::{
        JobManager, PageAfter, control::recover_job::recovered_by, work::finish_job::failed_by,
    },
    lifecycle::{EventKind, Filter, Order, Verb},
};
use chrono::{DateTime, Utc};
use entity::JobStatus;
use serde_json::json;

/// Jobs, or schedules, of a page.
const PAGE_ROWS: u64 = 200;

/// Error of a job that was processing when the backup was made.
const INTERRUPTED: &str =
    "The database was restored from a backup, and the attempt of that time is gone.";

/// What becomes of a job that was processing when the backup was made. Its worker may have finished
/// it since, and may have rendered for hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeasedPolicy {
    /// The job stays processing without a lease, so that only a person has it rendered again.
    Keep,
    Fail,
    /// The job goes back to the queue with its checkpoint.
    Requeue,
}

/// Numbers of what was changed after a restore.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReleasedAfterRestore {
    pub jobs: u64,
    pub actions: u64,
}

impl JobManager {
    /// Takes the leases of the time of the backup away, aborts the actions that were running then,
    /// counts the times of schedules from now, and moves webhooks to the end. Leaves out the
    /// positions of the history that were assigned after the backup: a stream that resumes from one
    /// of those begins again with a snapshot. Runs before a server starts.
    pub async fn release_restored(&self, policy: LeasedPolicy) -> Result<ReleasedAfterRestore> {
        self.db.commit(MarkRestored).await?;
        let mut released = ReleasedAfterRestore::default();
        for action in self.db.running_actions().await? {
            self.abort_action(&action.id).await?;
            released.actions += 1;
        }
        self.restart_schedules().await?;
        self.skip_webhooks_to_end().await?;
        let filter = Filter {
            status: Some(JobStatus::Processing),
            ..Filter::default()
        };
        let mut after = PageAfter::Start;
        loop {
            let page = self
                .list_jobs(&filter, Order::OldestFirst, after, PAGE_ROWS, View::Summary)
                .await?;
            for job in page.jobs {
                let decide = move |loaded: &Loaded, now| settled(loaded, policy, now);
                let changed = self
                    .try_change(&job.id, None, Items::All, 0, decide)
                    .await?;
                released.jobs += u64::from(changed.changed);
            }
            match page.next {
                Some(next) => after = PageAfter::Cursor(next),
                None => return Ok(released),
            }
        }
    }
}

impl JobManager {
    async fn restart_schedules(&self) -> Result<()> {
        let mut after = None;
        loop {
            let (schedules, next) = self.list_schedules(after, PAGE_ROWS).await?;
            for schedule in schedules {
                self.restart_schedule(&schedule.id).await?;
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }
}

fn settled(loaded: &Loaded, policy: LeasedPolicy, now: DateTime<Utc>) -> Result<Option<Change>> {
    let before = &loaded.job;
    if before.status != JobStatus::Processing {
        return Ok(None);
    }
    let mut change = match policy {
        LeasedPolicy::Keep if before.lease_token.is_none() => return Ok(None),
        LeasedPolicy::Keep => {
            let mut job = before.clone();
            job.lease_token = None;
            job.lease_expires_at = None;
            job.last_lease_token = None;
            job.run_until = None;
            Change::of(EventKind::Updated, job)
        }
        LeasedPolicy::Fail => failed_by(before, Some(INTERRUPTED.to_owned()), now)?,
        LeasedPolicy::Requeue => recovered_by(loaded, Verb::RetryStale, now)?,
    };
    for (_, data) in &mut change.events {
        data.get_or_insert_with(|| json!({}))["restored"] = true.into();
    }
    Ok(Some(change))
}
