//! undo_action: puts back what an action changed, where nothing has changed since.

use crate::{
    db::write::{ActionPlace, ActionStep, ActionTarget, Items, Loaded, RunActionBatch, StartUndo},
    error::{Resource, Result},
    jobs::{JobManager, control::undo_job::undone, stamped, validate},
};
use entity::{
    job_action,
    job_action_outcome::{self, Outcome},
};
use std::sync::Arc;

/// Maximum number of jobs that one transaction puts back. Each may have a long error or result.
const MAX_BATCH_JOBS: u64 = 50;

impl JobManager {
    /// Starts an action that undoes another one. For each job that the other changed, it puts back
    /// what the job was before, unless the job has changed since; its outcomes say which and why. A
    /// repeated call returns the undo that there is.
    ///
    /// Errors: `action_not_found`, `action_running`, `cannot_undo`.
    pub async fn undo_action(&self, id: &str) -> Result<job_action::Model> {
        validate::may_exist(id, Resource::Action)?;
        let start = StartUndo {
            undoes: id.to_owned(),
            id: self.chance.id(),
            now: self.now(),
        };
        let row = self.db.commit(start).await?;
        self.wake.notify_one();
        Ok(row)
    }

    /// Processes the next batch of an undo. Returns false if no jobs are left, or if the action no
    /// longer belongs to this process.
    pub(super) async fn next_undo_batch(&self, action: &job_action::Model) -> Result<bool> {
        let undoes = action.undoes.clone().unwrap_or_default();
        let after = action.after_outcome;
        let changed = self
            .db
            .action_outcomes(&undoes, Some(Outcome::Changed), after, MAX_BATCH_JOBS)
            .await?;
        let Some(upto) = changed.last().map(|outcome| outcome.id) else {
            return Ok(false);
        };
        let ids: Vec<String> = changed.iter().map(|one| one.job_id.clone()).collect();
        let (mut last, now) = (self.db.last_events(&ids).await?, self.now());
        let due = |outcome: job_action_outcome::Model| {
            let (last, undoes) = (last.remove(&outcome.job_id), undoes.clone());
            let decide = move |loaded: &Loaded| {
                let change = undone(&loaded.job, last.as_ref(), Some(&undoes))?;
                Ok(Some(stamped(change, now)))
            };
            ActionTarget {
                id: outcome.job_id,
                step: ActionStep::Change {
                    items: Items::None,
                    decide: Arc::new(decide),
                },
            }
        };
        let jobs = changed.into_iter().map(due).collect();
        self.db
            .commit(RunActionBatch {
                action_id: action.id.clone(),
                process: self.owner(),
                jobs,
                upto: Some(ActionPlace::Outcome(upto)),
                now,
            })
            .await
    }
}
