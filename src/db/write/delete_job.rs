//! Deleting a job: the row, its items and its history go; one event stays and says so.

use super::{change_job::check_version, event, stats::count_before_they_go, write_events};
use crate::{
    db::{Tx, Write},
    error::{Error, Result, Thing},
    lifecycle::EventKind,
};
use chrono::{DateTime, Utc};
use entity::{job, job_event};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::LockType};
use serde_json::json;

pub struct DeleteJob {
    pub id: String,
    pub if_version: Option<Vec<i64>>,
    pub now: DateTime<Utc>,
}

impl Write for DeleteJob {
    type Output = ();

    async fn apply(&self, tx: &Tx) -> Result<()> {
        let job = job::Entity::find_by_id(&self.id).lock(LockType::Update).one(tx).await?;
        let mut job = job.ok_or(Error::NotFound(Thing::Job))?;
        check_version(&job, self.if_version.as_deref())?;
        job::Entity::delete_by_id(&self.id).exec(tx).await?;
        count_before_they_go(tx, &self.id).await?;
        job_event::Entity::delete_many().filter(job_event::Column::JobId.eq(&self.id)).exec(tx).await?;
        job.version += 1;
        job.updated_at = self.now;
        // Whoever follows jobs by their labels can't look them up any more.
        let told = job.labels.as_ref().map(|labels| json!({"labels": labels}));
        write_events(tx, &[event(None, &job, EventKind::Deleted, told)]).await?;
        Ok(())
    }

    fn key(&self) -> Option<&str> {
        Some(&self.id)
    }
}
