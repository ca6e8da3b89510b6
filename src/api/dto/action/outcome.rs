//! Outcomes of an action for single jobs.

use crate::api::dto::same::same;
use entity::job_action_outcome::{self, Outcome};
use poem_openapi::{Enum, Object};

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

same!(
    ActionOutcomeKind = Outcome {
        Changed,
        Skipped,
        Failed,
    }
);

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

impl From<job_action_outcome::Model> for ActionOutcome {
    fn from(row: job_action_outcome::Model) -> Self {
        Self {
            outcome_id: row.id,
            job_id: row.job_id,
            outcome: row.outcome.into(),
            code: row.code,
            detail: row.detail,
        }
    }
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
