//! Requests and responses of actions on many jobs.

use super::{JobCounts, JobStatus, Time};
use crate::jobs::{self, Preview};
use chrono::{DateTime, Utc};
use entity::{
    job_action::{self, ActionKind as Kind, ActionStatus as Status},
    job_action_outcome::{self, Outcome},
};
use poem_openapi::{Enum, Object};
use std::collections::BTreeMap;

/// Operation that an action applies to each job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum ActionKind {
    /// Cancels the job, as `cancel_job` does.
    Cancel,
    /// Retries the job, as `retry_job` does.
    Retry,
    /// Deletes the job, as `delete_job` does.
    Delete,
    /// Sets the job's priority.
    SetPriority,
}

/// Operation of an action that was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum StartedActionKind {
    Cancel,
    Retry,
    Delete,
    SetPriority,
    /// Undoes another action.
    Undo,
}

/// Status of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum ActionStatus {
    /// The server is working on the action, or will be in a moment.
    Running,
    /// The server has handled all matching jobs.
    Completed,
    /// A client aborted the action; the changes made until then remain.
    Aborted,
    /// An error stopped the action; the changes made until then remain.
    Failed,
}

/// Outcome of an action for one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum ActionOutcomeKind {
    Changed,
    /// Nothing to change: the job is in the wanted state already, or its status does not allow the
    /// operation.
    Skipped,
    Failed,
}

/// An action on all jobs that match a filter.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct NewAction {
    /// Operation to apply to each job.
    pub action: ActionKind,
    /// New priority, for `set_priority` only.
    #[oai(validator(minimum(value = "-100"), maximum(value = "100")))]
    pub priority: Option<i16>,
    /// Filter of the jobs.
    pub filter: ActionFilter,
    /// Whether to only count the jobs that the action would change.
    #[oai(default)]
    pub dry_run: bool,
    /// Must be true if the action would apply to all existing jobs: with the filter `{}`, or with
    /// one that gives only times or a list of all statuses and excludes no job.
    #[oai(default)]
    pub confirm: bool,
}

/// Filter of the jobs to act on: a job must match all given fields. `{}` matches every job.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct ActionFilter {
    /// Statuses, one of which the job must have.
    #[oai(validator(max_items = 5))]
    pub status: Option<Vec<JobStatus>>,
    /// Only jobs of this type.
    pub job_type: Option<String>,
    /// Only jobs with this mode.
    pub mode: Option<String>,
    /// Only jobs of this series.
    pub series_id: Option<String>,
    /// Only jobs of this episode.
    pub episode_id: Option<String>,
    /// Only jobs that the key with this id created.
    pub created_by: Option<String>,
    /// Labels, all of which the job must have.
    pub labels: Option<BTreeMap<String, String>>,
    /// Only jobs created at this time or later.
    pub created_after: Option<DateTime<Utc>>,
    /// Only jobs created before this time.
    pub created_before: Option<DateTime<Utc>>,
    /// Only jobs that ended at this time or later.
    pub ended_after: Option<DateTime<Utc>>,
    /// Only jobs that ended before this time.
    pub ended_before: Option<DateTime<Utc>>,
    /// Signature of the error: its first line, with `#` for numbers and ids.
    #[oai(validator(max_length = 1000))]
    pub error: Option<String>,
    /// Only jobs that this worker holds or ended.
    pub worker_id: Option<String>,
    /// Text in the title or in the first 65,536 characters of the content.
    #[oai(validator(max_length = 100))]
    pub q: Option<String>,
    /// Ids, one of which the job must have.
    #[oai(validator(min_items = 1, max_items = 1000))]
    pub job_ids: Option<Vec<String>>,
}

/// Counts of the jobs that an action would change.
#[derive(Debug, Object)]
pub struct ActionPreview {
    /// Always null, because no action was started.
    pub action_id: Option<String>,
    /// Always true.
    pub dry_run: bool,
    /// Number of matching jobs.
    pub matching: u64,
    /// Number of matching jobs by status.
    pub by_status: JobCounts,
    /// Number of jobs that the action would change.
    pub will_change: u64,
    /// Jobs that are in the wanted state already, or whose status does not allow the operation.
    pub will_not_change: u64,
    /// Time for which the values hold.
    pub as_of: Time,
    /// Description of the filter in words.
    pub filter_text: String,
}

/// An action and its progress.
#[derive(Debug, Object)]
pub struct Action {
    /// Id of the action.
    pub action_id: String,
    /// Operation that the action applies to each job.
    pub action: StartedActionKind,
    /// Id of the action that this one undoes, for `undo` only.
    pub undoes: Option<String>,
    /// New priority, for `set_priority` only.
    pub priority: Option<i16>,
    /// Filter of the jobs; of an `undo`, the filter of the action that it undoes.
    pub filter: BTreeMap<String, serde_json::Value>,
    /// Description of the filter in words.
    pub filter_text: String,
    /// Status of the action.
    pub status: ActionStatus,
    /// Number of jobs that matched when the action started.
    pub matching: i64,
    /// Number of jobs handled so far. It may stay below `matching`, because jobs can change before
    /// the action gets to them.
    pub done: i64,
    /// Number of jobs that the action changed.
    pub changed: i64,
    /// Jobs that were in the wanted state already, or whose status did not allow the operation.
    pub skipped: i64,
    /// Number of jobs that the action failed to change.
    pub failed: i64,
    /// Time when the action was started.
    pub created_at: Time,
    /// Caller that started the action, as `key_id` and `name` of its key; null where nothing
    /// authenticated.
    pub by: Option<BTreeMap<String, String>>,
    /// Time of the end; null until then.
    pub finished_at: Option<Time>,
    /// Error that stopped the action.
    pub error: Option<String>,
}

/// A page of actions, newest first.
#[derive(Debug, Object)]
pub struct ActionList {
    /// Actions of the page.
    pub actions: Vec<Action>,
    /// Whether more follow.
    pub has_more: bool,
    /// Cursor of the next page; null on the last page.
    pub next_cursor: Option<String>,
}

/// Outcome of an action for one job.
#[derive(Debug, Object)]
pub struct ActionOutcome {
    /// Number of the outcome.
    pub outcome_id: i64,
    /// Id of the job.
    pub job_id: String,
    /// Outcome for the job.
    pub outcome: ActionOutcomeKind,
    /// Stable code of the reason why the job was not changed.
    pub code: Option<String>,
    /// Reason why the job was not changed, as a sentence.
    pub detail: Option<String>,
}

/// A page of outcomes, in the order in which the action handled the jobs.
#[derive(Debug, Object)]
pub struct ActionOutcomeList {
    /// Id of the action.
    pub action_id: String,
    /// Outcomes of the page.
    pub outcomes: Vec<ActionOutcome>,
    /// Same as `next_cursor`, for older clients, to send as `after`.
    pub next_after: Option<i64>,
    /// Whether more follow.
    pub has_more: bool,
    /// Cursor of the next page; null on the last page.
    pub next_cursor: Option<String>,
}

impl From<ActionKind> for Kind {
    fn from(kind: ActionKind) -> Self {
        match kind {
            ActionKind::Cancel => Self::Cancel,
            ActionKind::Retry => Self::Retry,
            ActionKind::Delete => Self::Delete,
            ActionKind::SetPriority => Self::SetPriority,
        }
    }
}

impl From<Kind> for StartedActionKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Undo => Self::Undo,
            Kind::Cancel => Self::Cancel,
            Kind::Retry => Self::Retry,
            Kind::Delete => Self::Delete,
            Kind::SetPriority => Self::SetPriority,
        }
    }
}

impl From<ActionOutcomeKind> for Outcome {
    fn from(outcome: ActionOutcomeKind) -> Self {
        match outcome {
            ActionOutcomeKind::Changed => Self::Changed,
            ActionOutcomeKind::Skipped => Self::Skipped,
            ActionOutcomeKind::Failed => Self::Failed,
        }
    }
}

impl From<NewAction> for jobs::NewAction {
    fn from(new: NewAction) -> Self {
        let filter = new.filter;
        let filter = jobs::ActionFilter {
            status: filter
                .status
                .unwrap_or_default()
                .into_iter()
                .map(Into::into)
                .collect(),
            job_type: filter.job_type,
            mode: filter.mode,
            series_id: filter.series_id,
            episode_id: filter.episode_id,
            created_by: filter.created_by,
            labels: filter.labels.unwrap_or_default(),
            created_after: filter.created_after,
            created_before: filter.created_before,
            ended_after: filter.ended_after,
            ended_before: filter.ended_before,
            error: filter.error,
            worker_id: filter.worker_id,
            q: filter.q,
            job_ids: filter.job_ids.unwrap_or_default(),
        };
        Self {
            action: new.action.into(),
            priority: new.priority,
            filter,
        }
    }
}

impl From<Preview> for ActionPreview {
    fn from(preview: Preview) -> Self {
        let matching = preview.by_status.total();
        Self {
            action_id: None,
            dry_run: true,
            matching,
            by_status: preview.by_status.into(),
            will_change: preview.will_change,
            will_not_change: matching.saturating_sub(preview.will_change),
            as_of: preview.as_of.into(),
            filter_text: preview.filter_text,
        }
    }
}

impl From<job_action::Model> for Action {
    fn from(row: job_action::Model) -> Self {
        let status = match row.status {
            Status::Running => ActionStatus::Running,
            Status::Completed => ActionStatus::Completed,
            Status::Aborted => ActionStatus::Aborted,
            Status::Failed => ActionStatus::Failed,
        };
        Self {
            action_id: row.id,
            action: row.action.into(),
            undoes: row.undoes,
            priority: row.priority,
            filter: super::object(Some(row.filter)).unwrap_or_default(),
            filter_text: row.filter_text,
            status,
            matching: row.matching,
            done: row.changed + row.skipped + row.failed,
            changed: row.changed,
            skipped: row.skipped,
            failed: row.failed,
            by: super::event::caller(row.by_key, row.by_name),
            created_at: row.created_at.into(),
            finished_at: row.finished_at.map(Into::into),
            error: row.error,
        }
    }
}

impl From<job_action_outcome::Model> for ActionOutcome {
    fn from(row: job_action_outcome::Model) -> Self {
        let outcome = match row.outcome {
            Outcome::Changed => ActionOutcomeKind::Changed,
            Outcome::Skipped => ActionOutcomeKind::Skipped,
            Outcome::Failed => ActionOutcomeKind::Failed,
        };
        Self {
            outcome_id: row.id,
            job_id: row.job_id,
            outcome,
            code: row.code,
            detail: row.detail,
        }
    }
}
