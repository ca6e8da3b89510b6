//! Queues: the settings of a job type.

use crate::{
    db::{Database, Readable, Tx, Write, rows::bulk},
    error::Result,
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
    pub now: DateTime<Utc>,
}

impl Write for SetQueue {
    type Output = queue::Model;

    async fn apply(&self, tx: &Tx) -> Result<queue::Model> {
        use queue::Column as C;
        let row = queue::ActiveModel {
            job_type: Set(self.job_type.clone()),
            paused: self.paused.map_or(NotSet, Set),
            max_running: self.max_running.map_or(NotSet, Set),
            max_run_seconds: self.max_run_seconds.map_or(NotSet, Set),
            updated_at: Set(self.now),
        };
        let mut kept = OnConflict::column(C::JobType);
        kept.update_column(C::UpdatedAt);
        if self.paused.is_some() {
            kept.update_column(C::Paused);
        }
        if self.max_running.is_some() {
            kept.update_column(C::MaxRunning);
        }
        if self.max_run_seconds.is_some() {
            kept.update_column(C::MaxRunSeconds);
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
