//! Action on many jobs: its start, its owner and its end.

use crate::{
    db::{
        Readable, Tx, Write,
        rows::once::{insert_unless_there, replay},
    },
    error::{Error, Resource, Result},
};
use chrono::{DateTime, Utc};
use entity::job_action::{self, ActionStatus};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::{Expr, LockType},
};

/// Starts an action on many jobs.
pub struct StartAction {
    pub action: job_action::Model,
    /// Whether the action covers all jobs and the client has not confirmed it. It is refused then,
    /// unless the idempotency key is known.
    pub unconfirmed: bool,
}

impl Write for StartAction {
    /// Stored action: the one of the first call, if the idempotency key is known.
    type Output = job_action::Model;

    async fn apply(&self, tx: &Tx) -> Result<job_action::Model> {
        if let Some(first) = self.first_answer(tx).await? {
            return Ok(first);
        }
        if self.unconfirmed {
            return Err(Error::ConfirmationRequired);
        }
        if insert_unless_there(tx, self.action.clone().into_active_model()).await? {
            return Ok(self.action.clone());
        }
        self.first_answer(tx)
            .await?
            .ok_or(Error::IdempotencyKeyReused)
    }
}

impl StartAction {
    async fn first_answer(&self, tx: &Tx) -> Result<Option<job_action::Model>> {
        let Some(key) = &self.action.idempotency_key else {
            return Ok(None);
        };
        let first = job_action::Entity::find()
            .filter(job_action::Column::IdempotencyKey.eq(key))
            .row(tx)
            .await?;
        replay(first, |first| {
            first.idempotency_fingerprint == self.action.idempotency_fingerprint
        })
    }
}

/// Assigns a running action to a process, if its assignment has not changed since it was read.
pub struct ClaimAction {
    pub id: String,
    pub was: Option<String>,
    pub process: Option<String>,
    pub now: DateTime<Utc>,
}

impl Write for ClaimAction {
    /// Whether the action was assigned.
    type Output = bool;

    async fn apply(&self, tx: &Tx) -> Result<bool> {
        use job_action::Column as C;
        let was = self
            .was
            .as_ref()
            .map_or_else(|| C::Process.is_null(), |was| C::Process.eq(was));
        let taken = job_action::Entity::update_many()
            .col_expr(C::Process, Expr::value(self.process.clone()))
            .col_expr(C::HeartbeatAt, Expr::value(self.now))
            .filter(C::Id.eq(&self.id))
            .filter(C::Status.eq(ActionStatus::Running))
            .filter(was)
            .exec(tx)
            .await?;
        Ok(taken.rows_affected == 1)
    }
}

/// Ends a running action; one that has ended stays unchanged.
pub struct EndAction {
    pub id: String,
    /// Process to which the action must be assigned; `None` for any.
    pub process: Option<String>,
    pub status: ActionStatus,
    pub error: Option<String>,
    pub now: DateTime<Utc>,
}

impl Write for EndAction {
    type Output = job_action::Model;

    async fn apply(&self, tx: &Tx) -> Result<job_action::Model> {
        let row = job_action::Entity::find_by_id(&self.id)
            .lock(LockType::Update)
            .row(tx)
            .await?;
        let row = row.ok_or(Error::NotFound(Resource::Action))?;
        let strange = self.process.is_some() && self.process != row.process;
        if row.status != ActionStatus::Running || strange {
            return Ok(row);
        }
        let mut row = row.into_active_model();
        row.status = Set(self.status);
        row.error = Set(self.error.clone());
        row.finished_at = Set(Some(self.now));
        row.process = Set(None);
        Ok(row.update(tx).await?)
    }
}
