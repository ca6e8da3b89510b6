//! list_events: history of one job.

use crate::{
    db::{LONG_EVENT, Part, part},
    error::Result,
    jobs::JobManager,
};
use entity::job_event;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

impl JobManager {
    /// Lists the events of a job with a `seq` greater than `after`, in order: at most `limit`,
    /// fewer if they are large.
    ///
    /// Errors: `job_not_found`.
    pub async fn list_events(
        &self,
        id: &str,
        after: Option<i64>,
        limit: u64,
    ) -> Result<Part<job_event::Model>> {
        self.find_job(id).await?;
        let events = job_event::Entity::find()
            .filter(job_event::Column::JobId.eq(id))
            .filter(job_event::Column::Seq.gt(after.unwrap_or(0)))
            .order_by_asc(job_event::Column::Seq);
        Ok(part(events, limit, &LONG_EVENT, self.db.read()).await?)
    }
}
