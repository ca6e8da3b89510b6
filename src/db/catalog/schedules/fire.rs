//! Fires a schedule: one transaction checks that the time is still to be decided, creates its job,
//! and moves the schedule on. However many servers try, one does it.

use super::change::update;
use crate::{
    db::{
        Call, Readable, Tx, Write,
        actions::action_batch::DecideStep,
        catalog::webhooks::skipped::{SkipReason, Skipped, deliver_skipped},
        connection::errors,
        jobs::{
            change_batch::Changes,
            change_job::{ChangeJob, Items},
            create_job::CreateJob,
        },
    },
    error::{Error, Result},
};
use chrono::{DateTime, Utc};
use entity::{
    JobStatus, job,
    schedule::{self, Overlap},
};
use sea_orm::{
    EntityTrait, QuerySelect,
    sea_query::{LockBehavior, LockType},
};
use std::sync::Arc;

pub struct FireSchedule {
    /// Schedule as it was read; another version of it, or another time, is left alone.
    pub read: schedule::Model,
    /// Job to create; `None` skips the times.
    pub job: Option<CreateJob>,
    /// Why there is no job although there should be one.
    pub error: Option<String>,
    /// Last time that this decides.
    pub last: DateTime<Utc>,
    /// Times that get no job.
    pub skipped: i64,
    pub next_at: Option<DateTime<Utc>>,
    pub due_at: Option<DateTime<Utc>>,
    /// When to look again if the job of the time before has not ended.
    pub again_at: DateTime<Utc>,
    /// Cancels the job of the time before.
    pub cancel: Arc<DecideStep>,
    pub now: DateTime<Utc>,
}

/// What became of a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fired {
    /// Another server has decided it, or the schedule has changed.
    Gone,
    /// It waits until the job of the time before has ended.
    Waits,
    Skipped,
    /// The job could not be created; the schedule keeps the sentence.
    Failed(String),
    /// The job with this id was created.
    Created(String),
}

impl Write for FireSchedule {
    type Output = Fired;

    async fn apply(&self, tx: &Tx) -> Result<Fired> {
        // A row that another transaction has locked is being fired or changed.
        let row = schedule::Entity::find_by_id(&self.read.id)
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .row(tx)
            .await?;
        let same = |row: &schedule::Model| {
            row.next_at == self.read.next_at
                && row.version == self.read.version
                && row.paused_at.is_none()
        };
        let Some(before) = row.filter(same) else {
            return Ok(Fired::Gone);
        };
        let outcome = self.outcome(tx, &before).await?;
        let mut after = before.clone();
        if outcome == Fired::Waits {
            after.due_at = Some(self.again_at);
            update(tx, &before, &after).await?;
            return Ok(outcome);
        }
        after.next_at = self.next_at;
        after.due_at = self.due_at;
        after.last_at = Some(self.last);
        after.skipped = before.skipped.saturating_add(self.skipped);
        match &outcome {
            Fired::Created(id) => {
                after.fired = before.fired.saturating_add(1);
                after.last_job_id = Some(id.clone());
                after.error = None;
            }
            Fired::Failed(why) => {
                after.skipped = after.skipped.saturating_add(1);
                after.error = Some(why.clone());
            }
            // The time of a job that was not created is skipped like the others.
            _ if self.job.is_some() => after.skipped = after.skipped.saturating_add(1),
            _ => {}
        }
        update(tx, &before, &after).await?;
        let times = after.skipped.saturating_sub(before.skipped);
        if times > 0 {
            let skipped = Skipped {
                times,
                last: self.last,
                reason: self.reason(&outcome),
                now: self.now,
            };
            deliver_skipped(tx, &after, &skipped).await?;
        }
        Ok(outcome)
    }

    /// Returns the schedule, unless a job may be cancelled, which others change under its own key.
    fn key(&self) -> Option<&str> {
        (self.read.overlap != Overlap::CancelPrevious).then_some(&self.read.id)
    }

    fn weight(&self) -> usize {
        1024 + self.job.as_ref().map_or(0, Write::weight)
    }
}

impl FireSchedule {
    /// Returns why the last of the skipped times got no job.
    fn reason(&self, outcome: &Fired) -> SkipReason {
        match outcome {
            Fired::Failed(why) => SkipReason::Failed(why.clone()),
            Fired::Skipped if self.job.is_some() => SkipReason::Overlap,
            _ => SkipReason::Missed,
        }
    }

    async fn outcome(&self, tx: &Tx, row: &schedule::Model) -> Result<Fired> {
        if let Some(error) = &self.error {
            return Ok(Fired::Failed(error.clone()));
        }
        let Some(create) = &self.job else {
            return Ok(Fired::Skipped);
        };
        if let Some(last) = running(tx, row).await? {
            match row.overlap {
                Overlap::Skip => return Ok(Fired::Skipped),
                Overlap::QueueOne => return Ok(Fired::Waits),
                Overlap::CancelPrevious => self.cancel(tx, last).await?,
                Overlap::Allow => {}
            }
        }
        match create.apply(tx).await {
            Ok(created) => Ok(Fired::Created(created.job.id)),
            // These leave nothing behind: they are decided before the job is inserted, or by it.
            Err(error @ (Error::JobExists(_) | Error::UnknownReference { .. })) => {
                Ok(Fired::Failed(error.to_string()))
            }
            Err(error) => Err(error),
        }
    }

    /// Cancels the job, which may have ended meanwhile.
    async fn cancel(&self, tx: &Tx, id: String) -> Result<()> {
        let decide = self.cancel.clone();
        let change = ChangeJob {
            id,
            if_version: None,
            items: Items::None,
            weight: 0,
            decide: Box::new(move |loaded| decide(loaded)),
        };
        let (write, by) = (&change, &tx.by());
        for outcome in Changes::make(tx, &[Call { write, by }], false).await? {
            match outcome.decided() {
                Err(error) if errors::is_database_error(&error) => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Returns the id of the last job of the schedule, if it has not ended.
async fn running(tx: &Tx, row: &schedule::Model) -> Result<Option<String>> {
    let Some(id) = row
        .last_job_id
        .clone()
        .filter(|_| row.overlap != Overlap::Allow)
    else {
        return Ok(None);
    };
    let status = job::Entity::find_by_id(&id)
        .select_only()
        .column(job::Column::Status)
        .into_tuple::<JobStatus>()
        .row(tx)
        .await?;
    let runs = matches!(status, Some(JobStatus::Queued | JobStatus::Processing));
    Ok(runs.then_some(id))
}
