//! Step of an action on one job, decided like a single call for that job.

use super::ActionFilter;
use crate::{
    db::write::{ActionStep, Change, Items, Loaded},
    jobs::{
        control::{
            before::{keeping, note},
            cancel_job::cancelled,
            retry_job::retried,
            undo_job::ACTION_ID,
        },
        stamped,
    },
    lifecycle::EventKind,
};
use chrono::{DateTime, Utc};
use entity::{
    job,
    job_action::{self, ActionKind},
};
use serde_json::json;
use std::sync::Arc;

/// Returns the change that the action makes to a job, provided that the job still matches.
pub(super) fn action_step(
    action: &job_action::Model,
    filter: Arc<ActionFilter>,
    now: DateTime<Utc>,
) -> ActionStep {
    let priority = action.priority.unwrap_or_default();
    let items = if action.action == ActionKind::Retry {
        Items::Counted
    } else {
        Items::None
    };
    let (kind, action_id) = (action.action, action.id.clone());
    if kind == ActionKind::Delete {
        return ActionStep::Delete {
            check: Box::new(move |job| filter.still_matches(job)),
        };
    }
    let decide = move |loaded: &Loaded| {
        filter.still_matches(&loaded.job)?;
        let change = match kind {
            ActionKind::Cancel => cancelled(&loaded.job, None, now)?,
            ActionKind::Retry => Some(retried(loaded, now)?),
            _ => prioritised(&loaded.job, priority),
        };
        let kept = change.map(|change| keeping(&loaded.job, change));
        Ok(kept.map(|mut change| {
            note(&mut change, ACTION_ID, json!(action_id));
            stamped(change, now)
        }))
    };
    ActionStep::Change {
        items,
        decide: Arc::new(decide),
    }
}

fn prioritised(before: &job::Model, priority: i16) -> Option<Change> {
    let job = job::Model {
        priority,
        ..before.clone()
    };
    (job != *before).then(|| Change::of(EventKind::Updated, job))
}
