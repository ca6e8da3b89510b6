//! Actions on many jobs as they are asked for and given.

use super::{JobCounts, JobStatus, Time};
use crate::jobs::{self, Preview};
use chrono::{DateTime, Utc};
use entity::{
    job_action::{self, ActionKind as Kind, ActionStatus as Status},
    job_action_outcome::{self, Outcome},
};
use poem_openapi::{Enum, Object};
use std::collections::BTreeMap;

/// What is done to each job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum ActionKind {
    /// As `cancel_job`.
    Cancel,
    /// As `retry_job`.
    Retry,
    /// As `delete_job`.
    Delete,
    /// Sets the priority.
    SetPriority,
}

/// Where an action stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum ActionStatus {
    /// Jobs are acted on, or will be in a moment.
    Running,
    /// All that matched were met.
    Completed,
    /// Someone stopped it; what was done stays done.
    Aborted,
    /// An error stopped it; what was done stays done.
    Failed,
}

/// What became of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum ActionOutcomeKind {
    Changed,
    /// It was as wanted already, or its status did not allow it.
    Skipped,
    Failed,
}

/// An action on all jobs that match.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct NewAction {
    pub action: ActionKind,
    /// The new priority, of `set_priority`.
    #[oai(validator(minimum(value = "-100"), maximum(value = "100")))]
    pub priority: Option<i16>,
    pub filter: ActionFilter,
    /// Only count what the action would come to.
    #[oai(default)]
    pub dry_run: bool,
    /// Has to be true for an action on all jobs there are: under `{}`, or a filter of nothing but times and every status that leaves none
    /// out.
    #[oai(default)]
    pub confirm: bool,
}

/// Which jobs are acted on: those that all given fields let through. `{}` lets every job through.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct ActionFilter {
    /// One of these statuses.
    #[oai(validator(max_items = 5))]
    pub status: Option<Vec<JobStatus>>,
    pub job_type: Option<String>,
    pub mode: Option<String>,
    pub series_id: Option<String>,
    pub episode_id: Option<String>,
    /// Labels, each of which the job must have.
    pub labels: Option<BTreeMap<String, String>>,
    /// Created at this moment or later.
    pub created_after: Option<DateTime<Utc>>,
    /// Created before this moment.
    pub created_before: Option<DateTime<Utc>>,
    /// Text in the title or the first 65,536 characters of the content.
    #[oai(validator(max_length = 100))]
    pub q: Option<String>,
    /// One of these jobs.
    #[oai(validator(min_items = 1, max_items = 1000))]
    pub job_ids: Option<Vec<String>>,
}

/// What an action would come to.
#[derive(Debug, Object)]
pub struct ActionPreview {
    /// Always null: nothing was begun.
    pub action_id: Option<String>,
    pub dry_run: bool,
    /// Jobs that match.
    pub matching: u64,
    /// The same by status.
    pub by_status: JobCounts,
    pub will_change: u64,
    /// They are as wanted already, or their status does not allow it.
    pub will_not_change: u64,
    pub as_of: Time,
    /// The filter in words.
    pub filter_text: String,
}

/// An action, and how far it is.
#[derive(Debug, Object)]
pub struct Action {
    pub action_id: String,
    pub action: ActionKind,
    /// The new priority, of `set_priority`.
    pub priority: Option<i16>,
    pub filter: BTreeMap<String, serde_json::Value>,
    /// The filter in words.
    pub filter_text: String,
    pub status: ActionStatus,
    /// Jobs that matched when it began.
    pub matching: i64,
    /// Jobs that it has met; fewer than `matching` in the end when some moved on before.
    pub done: i64,
    pub changed: i64,
    /// As wanted already, or in a status that did not allow it.
    pub skipped: i64,
    pub failed: i64,
    pub created_at: Time,
    pub finished_at: Option<Time>,
    /// What stopped it.
    pub error: Option<String>,
}

/// A page of actions, newest first.
#[derive(Debug, Object)]
pub struct ActionList {
    pub actions: Vec<Action>,
    /// Names the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// What became of a job.
#[derive(Debug, Object)]
pub struct ActionOutcome {
    pub outcome_id: i64,
    pub job_id: String,
    pub outcome: ActionOutcomeKind,
    /// Why it was not changed, as a stable word.
    pub code: Option<String>,
    /// The same as a sentence.
    pub detail: Option<String>,
}

/// A page of outcomes, in the order in which the jobs were met.
#[derive(Debug, Object)]
pub struct ActionOutcomeList {
    pub action_id: String,
    pub outcomes: Vec<ActionOutcome>,
    /// To be sent as `after` for the next page; null on the last one.
    pub next_after: Option<i64>,
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

impl From<Kind> for ActionKind {
    fn from(kind: Kind) -> Self {
        match kind {
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
            status: filter.status.unwrap_or_default().into_iter().map(Into::into).collect(),
            job_type: filter.job_type,
            mode: filter.mode,
            series_id: filter.series_id,
            episode_id: filter.episode_id,
            labels: filter.labels.unwrap_or_default(),
            created_after: filter.created_after,
            created_before: filter.created_before,
            q: filter.q,
            job_ids: filter.job_ids.unwrap_or_default(),
        };
        Self { action: new.action.into(), priority: new.priority, filter }
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
            priority: row.priority,
            filter: super::object(Some(row.filter)).unwrap_or_default(),
            filter_text: row.filter_text,
            status,
            matching: row.matching,
            done: row.changed + row.skipped + row.failed,
            changed: row.changed,
            skipped: row.skipped,
            failed: row.failed,
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
        Self { outcome_id: row.id, job_id: row.job_id, outcome, code: row.code, detail: row.detail }
    }
}
