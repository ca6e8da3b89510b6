//! Batch of an action on many jobs. One transaction writes the jobs, the outcome of each, and the
//! row of the action.

use crate::{
    db::{
        Call, Readable, Tx, Write, WriteOutcome,
        connection::errors,
        jobs::{
            change_batch::Changes,
            change_job::{Change, ChangeJob, Items, Loaded},
            delete_job::DeleteJob,
        },
        one_job,
        retention::restore_archived::RestoreArchived,
        rows::bulk,
    },
    error::{Error, Resource, Result},
    lifecycle::Cursor,
};
use chrono::{DateTime, Utc};
use entity::{
    job,
    job_action::{self, ActionStatus},
    job_action_outcome::{self, Outcome},
};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, QuerySelect, sea_query::LockType};
use std::sync::Arc;

/// Decision on one job, as [`crate::db::jobs::change_job::Decide`].
pub type DecideStep = dyn Fn(&Loaded) -> Result<Option<Change>> + Send + Sync;

/// Check that fails if the job must not be deleted.
pub type CheckDelete = dyn Fn(&job::Model) -> Result<()> + Send + Sync;

/// Step of an action on one job, decided like a single call for that job.
pub enum ActionStep {
    Change {
        items: Items,
        decide: Arc<DecideStep>,
    },
    /// Deletes the job, unless the check fails.
    Delete { check: Box<CheckDelete> },
    /// Puts the archived job back.
    Restore(Box<RestoreArchived>),
    /// Leaves the job as it is, because of this error.
    Refuse(Box<dyn Fn() -> Error + Send + Sync>),
}

/// Job of an action, and the step for it.
pub struct ActionTarget {
    pub id: String,
    pub step: ActionStep,
}

/// Place in the order of an action's jobs, behind which the next batch begins.
pub enum ActionPlace {
    Job(Cursor),
    /// Outcome of the action that this one undoes.
    Outcome(i64),
}

/// Next batch of an action.
pub struct RunActionBatch {
    pub action_id: String,
    pub process: String,
    pub jobs: Vec<ActionTarget>,
    /// Place of the last job of the batch.
    pub upto: Option<ActionPlace>,
    pub now: DateTime<Utc>,
}

impl Write for RunActionBatch {
    /// Whether the batch was run; false if the action has ended or belongs to another process.
    type Output = bool;

    async fn apply(&self, tx: &Tx) -> Result<bool> {
        let row = job_action::Entity::find_by_id(&self.action_id)
            .lock(LockType::Update)
            .row(tx)
            .await?;
        let mine = |row: &job_action::Model| {
            row.status == ActionStatus::Running && row.process.as_ref() == Some(&self.process)
        };
        let Some(row) = row.filter(mine) else {
            return Ok(false);
        };
        let outcomes = self.outcomes(tx).await?;
        bulk::insert::<job_action_outcome::Entity, _>(tx, &outcomes).await?;
        let of = |outcome| outcomes.iter().filter(|row| row.outcome == outcome).count() as i64;
        let mut counted = job_action::ActiveModel {
            id: Set(row.id),
            changed: Set(row.changed + of(Outcome::Changed)),
            skipped: Set(row.skipped + of(Outcome::Skipped)),
            failed: Set(row.failed + of(Outcome::Failed)),
            heartbeat_at: Set(Some(self.now)),
            ..Default::default()
        };
        match &self.upto {
            Some(ActionPlace::Job(Cursor { created_at, id })) => {
                counted.after_created_at = Set(Some(*created_at));
                counted.after_id = Set(Some(id.clone()));
            }
            Some(ActionPlace::Outcome(id)) => counted.after_outcome = Set(Some(*id)),
            None => {}
        }
        counted.update(tx).await?;
        Ok(true)
    }

    fn is_large(&self) -> bool {
        true
    }
}

impl RunActionBatch {
    async fn outcomes(&self, tx: &Tx) -> Result<Vec<job_action_outcome::Model>> {
        let change = |due: &ActionTarget| match &due.step {
            ActionStep::Change { items, decide } => {
                let (items, decide) = (items.clone(), decide.clone());
                Some(ChangeJob {
                    id: due.id.clone(),
                    if_version: None,
                    items,
                    weight: 0,
                    decide: Box::new(move |job| decide(job)),
                })
            }
            ActionStep::Delete { .. } | ActionStep::Restore(_) | ActionStep::Refuse(_) => None,
        };
        let changes: Vec<ChangeJob> = self.jobs.iter().filter_map(change).collect();
        let by = tx.by();
        let changes: Vec<_> = changes
            .iter()
            .map(|write| Call { write, by: &by })
            .collect();
        let mut changed = Changes::make(tx, &changes, false).await?.into_iter();
        let mut outcomes = Vec::with_capacity(self.jobs.len());
        for due in &self.jobs {
            let done = match &due.step {
                ActionStep::Change { .. } => {
                    let outcome = changed.next().unwrap_or(WriteOutcome::Blocked);
                    outcome.decided().map(|made| made.changed)
                }
                ActionStep::Delete { check } => self.delete(tx, &due.id, check).await,
                ActionStep::Restore(restore) => restore.apply(tx).await.map(|_| true),
                ActionStep::Refuse(reason) => Err(reason()),
            };
            outcomes.push(self.outcome(&due.id, done)?);
        }
        Ok(outcomes)
    }

    async fn delete(&self, tx: &Tx, id: &str, check: &CheckDelete) -> Result<bool> {
        let job = one_job(tx, job::Entity::find_by_id(id).lock(LockType::Update)).await?;
        check(&job.ok_or(Error::NotFound(Resource::Job))?)?;
        DeleteJob {
            id: id.to_owned(),
            if_version: None,
            now: self.now,
        }
        .apply(tx)
        .await?;
        Ok(true)
    }

    /// Outcome for one job. A refused job is skipped or failed; an error of the database undoes the
    /// batch.
    fn outcome(&self, job_id: &str, done: Result<bool>) -> Result<job_action_outcome::Model> {
        let (outcome, code, detail) = match done {
            Ok(true) => (Outcome::Changed, None, None),
            Ok(false) => (
                Outcome::Skipped,
                Some("unchanged"),
                Some("The job is already in the requested state.".to_owned()),
            ),
            Err(error) if errors::is_database_error(&error) => return Err(error),
            Err(Error::Invalid(fields)) if fields.len() == 1 => (
                Outcome::Skipped,
                Some(fields[0].code),
                Some(fields[0].detail.clone()),
            ),
            Err(
                error @ (Error::NotFound(_) | Error::TransitionIllegal(_) | Error::CannotUndo(_)),
            ) => (
                Outcome::Skipped,
                Some(error.code()),
                Some(error.to_string()),
            ),
            Err(error) => (Outcome::Failed, Some(error.code()), Some(error.to_string())),
        };
        Ok(job_action_outcome::Model {
            id: 0,
            action_id: self.action_id.clone(),
            job_id: job_id.to_owned(),
            outcome,
            code: code.map(str::to_owned),
            detail,
        })
    }
}
