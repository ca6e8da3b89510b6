//! Start of the undo of an action.

use crate::{
    db::{
        Readable, Tx, Write,
        actions::list::visible,
        writer::by::{self, By},
    },
    error::{Error, Resource, Result},
};
use chrono::{DateTime, Utc};
use entity::job_action::{self, ActionKind, ActionStatus};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::LockType,
};

/// Starts an action that undoes another one.
pub struct StartUndo {
    /// Action to undo.
    pub undoes: String,
    /// Id of the new action.
    pub id: String,
    pub now: DateTime<Utc>,
}

impl Write for StartUndo {
    /// The new action, or the earlier one if the other is being undone or has been undone.
    type Output = job_action::Model;

    async fn apply(&self, tx: &Tx) -> Result<job_action::Model> {
        // The lock makes two calls for the same action wait for each other.
        let by = tx.by();
        let other = job_action::Entity::find_by_id(&self.undoes)
            .filter(visible(by.as_deref()))
            .lock(LockType::Update)
            .row(tx)
            .await?;
        let other = other.ok_or(Error::NotFound(Resource::Action))?;
        check(&other)?;
        let earlier = job_action::Entity::find()
            .filter(job_action::Column::Undoes.eq(&self.undoes))
            .filter(
                job_action::Column::Status.is_in([ActionStatus::Running, ActionStatus::Completed]),
            )
            .row(tx)
            .await?;
        match earlier {
            Some(earlier) => Ok(earlier),
            None => {
                let row = self.row(other, &by);
                // Every column is set, so that the statement is the same for all actions.
                row.clone().into_active_model().insert(tx).await?;
                Ok(row)
            }
        }
    }
}

impl StartUndo {
    fn row(&self, other: job_action::Model, by: &By) -> job_action::Model {
        let by_text = by.as_ref().and_then(|caller| caller.binding.text());
        let (by_key, by_name) = by::names(by);
        job_action::Model {
            by_key,
            by_name,
            id: self.id.clone(),
            action: ActionKind::Undo,
            status: ActionStatus::Running,
            matching: other.changed,
            changed: 0,
            skipped: 0,
            failed: 0,
            after_created_at: None,
            after_id: None,
            error: None,
            created_at: self.now,
            finished_at: None,
            heartbeat_at: None,
            process: None,
            idempotency_key: None,
            idempotency_fingerprint: None,
            undoes: Some(other.id.clone()),
            after_outcome: None,
            priority: None,
            binding: by_text,
            ..other
        }
    }
}

fn check(other: &job_action::Model) -> Result<()> {
    match (other.action, other.status) {
        (ActionKind::Delete, _) => Err(Error::CannotUndo(
            "Deleted jobs cannot be put back: create them again.".to_owned(),
        )),
        (ActionKind::Restore, _) => Err(Error::CannotUndo(
            "Restored jobs are archived again by retention.".to_owned(),
        )),
        (ActionKind::Undo, _) => Err(Error::CannotUndo(
            "An undo cannot be undone: start the first action again.".to_owned(),
        )),
        (_, ActionStatus::Running) => Err(Error::ActionRunning),
        _ => Ok(()),
    }
}
