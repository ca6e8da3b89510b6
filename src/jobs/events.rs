//! list_events: the history of a job.

use super::JobManager;
use crate::{db::page, error::Result};
use entity::job_event;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

impl JobManager {
    /// Events in order, those with a `seq` behind `after`.
    ///
    /// Errors: `job_not_found`.
    pub async fn list_events(&self, id: &str, after: Option<i64>, limit: u64) -> Result<Vec<job_event::Model>> {
        self.get_job(id).await?;
        let events = job_event::Entity::find()
            .filter(job_event::Column::JobId.eq(id))
            .filter(job_event::Column::Seq.gt(after.unwrap_or(0)))
            .order_by_asc(job_event::Column::Seq);
        Ok(page(events, limit, self.db.read()).await?)
    }
}
