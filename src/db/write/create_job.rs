//! Creating a job: the row, its items and its first event.

use super::{check_parents, event, insert_events, insert_items, insert_unless_there, replay};
use crate::{
    db::{Tx, Write},
    error::{Error, Result},
    lifecycle::EventKind,
};
use entity::{job, job_event, job_item};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};

pub struct CreateJob {
    pub job: job::Model,
    pub items: Vec<job_item::Model>,
    /// The creator chose the id, so a job with this id may have been deleted before.
    pub named: bool,
}

pub struct Created {
    pub job: job::Model,
    /// The idempotency key came before: this is the job that the first call made.
    pub replayed: bool,
}

impl Write for CreateJob {
    type Output = Created;

    async fn apply(&self, tx: &Tx) -> Result<Created> {
        if let Some(job) = self.first_answer(tx).await? {
            return Ok(Created { job, replayed: true });
        }
        check_parents(tx, self.job.series_id.as_deref(), self.job.episode_id.as_deref()).await?;
        let mut job = self.job.clone();
        if !insert_unless_there(tx, job.clone().into_active_model()).await? {
            // On PostgreSQL the row that was in the way may have been committed after the look above.
            return match self.first_answer(tx).await? {
                Some(job) => Ok(Created { job, replayed: true }),
                None => Err(Error::JobExists(job.id)),
            };
        }
        if self.named {
            // Only now: on PostgreSQL the insert waits for a deletion of this id that is under way, and the look has to
            // find what that one leaves.
            job.version = next_version(tx, &job.id).await?;
            if job.version != self.job.version {
                let version =
                    job::ActiveModel { id: Set(job.id.clone()), version: Set(job.version), ..Default::default() };
                job::Entity::update(version).exec(tx).await?;
            }
        }
        insert_items(tx, &self.items).await?;
        insert_events(tx, vec![event(None, &job, EventKind::Created, None)]).await?;
        Ok(Created { job, replayed: false })
    }
}

impl CreateJob {
    /// The job that an earlier call with the same key and request made.
    async fn first_answer(&self, tx: &impl ConnectionTrait) -> Result<Option<job::Model>> {
        let Some(key) = &self.job.idempotency_key else { return Ok(None) };
        let first = job::Entity::find().filter(job::Column::IdempotencyKey.eq(key)).one(tx).await?;
        replay(first, |first| first.idempotency_fingerprint == self.job.idempotency_fingerprint)
    }
}

/// A job that takes the id of a deleted one goes on counting where that one ended, so that no ETag and no event of
/// the id ever means two things.
pub(super) async fn next_version(tx: &impl ConnectionTrait, id: &str) -> Result<i64> {
    let last = job_event::Entity::find()
        .filter(job_event::Column::JobId.eq(id))
        .order_by_desc(job_event::Column::Seq)
        .one(tx)
        .await?;
    Ok(last.map_or(1, |e| e.seq + 1))
}
