//! Queues: the settings of a job type.

use crate::{
    db::{Database, Readable, Tx, Write, rows::bulk},
    error::Result,
    lifecycle::{Keep, Then},
};
use chrono::{DateTime, Utc};
use entity::queue;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ConnectionTrait, DbErr, EntityTrait, QueryFilter,
    sea_query::{Expr, OnConflict},
};

pub struct SetQueue {
    pub job_type: String,
    /// Whether to pause the queue; `None` leaves it unchanged.
    pub paused: Option<bool>,
    /// Limit of running jobs; `Some(None)` removes it, `None` leaves it unchanged.
    pub max_running: Option<Option<i32>>,
    /// Maximum seconds of an attempt; `Some(None)` removes it, `None` leaves it unchanged.
    pub max_run_seconds: Option<Option<i32>>,
    /// Rule of retention; `Some(None)` removes a part of it, `None` leaves it unchanged.
    pub keep: KeepPatch,
    pub now: DateTime<Utc>,
}

/// Parts of a rule of retention to change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeepPatch {
    pub completed: Option<Option<Keep>>,
    pub failed: Option<Option<Keep>>,
    pub cancelled: Option<Option<Keep>>,
    pub then: Option<Option<Then>>,
    pub media: Option<Option<bool>>,
}

impl Write for SetQueue {
    type Output = queue::Model;

    async fn apply(&self, tx: &Tx) -> Result<queue::Model> {
        use queue::Column as C;
        let seconds =
            |keep: Option<Option<Keep>>| keep.map_or(NotSet, |keep| Set(keep.map(Keep::seconds)));
        let then = self
            .keep
            .then
            .map(|then| then.map(|then| then.name().to_owned()));
        let row = queue::ActiveModel {
            job_type: Set(self.job_type.clone()),
            paused: self.paused.map_or(NotSet, Set),
            max_running: self.max_running.map_or(NotSet, Set),
            max_run_seconds: self.max_run_seconds.map_or(NotSet, Set),
            keep_completed: seconds(self.keep.completed),
            keep_failed: seconds(self.keep.failed),
            keep_cancelled: seconds(self.keep.cancelled),
            keep_then: then.map_or(NotSet, Set),
            keep_media: self.keep.media.map_or(NotSet, Set),
            updated_at: Set(self.now),
        };
        let mut kept = OnConflict::column(C::JobType);
        kept.update_column(C::UpdatedAt);
        for (is_given, column) in [
            (self.paused.is_some(), C::Paused),
            (self.max_running.is_some(), C::MaxRunning),
            (self.max_run_seconds.is_some(), C::MaxRunSeconds),
            (self.keep.completed.is_some(), C::KeepCompleted),
            (self.keep.failed.is_some(), C::KeepFailed),
            (self.keep.cancelled.is_some(), C::KeepCancelled),
            (self.keep.then.is_some(), C::KeepThen),
            (self.keep.media.is_some(), C::KeepMedia),
        ] {
            if is_given {
                kept.update_column(column);
            }
        }
        let queue = queue::Entity::insert(row)
            .on_conflict(kept)
            .exec_with_returning(tx)
            .await?;
        // A waiting claim may find a job of this type now.
        tx.note_any_change();
        Ok(queue)
    }
}

/// Returns the settings of these types, if they have any.
pub async fn queues(
    db: &impl ConnectionTrait,
    types: &[String],
) -> Result<Vec<queue::Model>, DbErr> {
    let types: Vec<_> = types.iter().map(String::as_str).collect();
    let set = bulk::is_one_of(
        db.get_database_backend(),
        Expr::col(queue::Column::JobType),
        &types,
    );
    queue::Entity::find().filter(set).rows(db).await
}

impl Database {
    /// Returns the settings of all job types that have any.
    pub async fn all_queues(&self) -> Result<Vec<queue::Model>> {
        Ok(queue::Entity::find().rows(self.read()).await?)
    }

    /// Returns the settings of a job type, if it has any.
    pub async fn queue(&self, job_type: &str) -> Result<Option<queue::Model>> {
        let of_type = queue::Entity::find_by_id(job_type);
        Ok(of_type.rows(self.read()).await?.pop())
    }
}
