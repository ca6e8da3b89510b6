//! Requests and responses of actions on many jobs.

mod new;
mod outcome;

pub use new::{ActionPreview, NewAction};
pub use outcome::{ActionOutcome, ActionOutcomeKind, ActionOutcomeList};

use super::{Time, same::same};
use entity::job_action::{self, ActionKind as Kind, ActionStatus as Status};
use poem_openapi::{Enum, Object};
use std::collections::BTreeMap;

/// Operation of an action that was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum StartedActionKind {
    Cancel,
    Retry,
    Delete,
    SetPriority,
    Restore,
    /// Undoes another action.
    Undo,
}

same!(Kind => StartedActionKind {
    Cancel,
    Retry,
    Delete,
    SetPriority,
    Restore,
    Undo,
});

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

same!(Status => ActionStatus {
    Running,
    Completed,
    Aborted,
    Failed,
});

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

impl From<job_action::Model> for Action {
    fn from(row: job_action::Model) -> Self {
        Self {
            action_id: row.id,
            action: row.action.into(),
            undoes: row.undoes,
            priority: row.priority,
            filter: super::object(Some(row.filter)).unwrap_or_default(),
            filter_text: row.filter_text,
            status: row.status.into(),
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
