//! get_job and view_job.

use super::{JobManager, validate};
use crate::{
    db::{Kept, jobs_of},
    error::{Error, Result, Thing},
};
use entity::{job, job_item};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use std::sync::Arc;

impl JobManager {
    /// Errors: `job_not_found`.
    pub async fn get_job(&self, id: &str) -> Result<job::Model> {
        validate::may_exist(id, Thing::Job)?;
        jobs_of(self.db.read(), job::Entity::find_by_id(id)).await?.pop().ok_or(Error::NotFound(Thing::Job))
    }

    /// The job with its items, from memory where it is there at this version or a later one. Never older than the last write that this server answered;
    /// of other servers' writes it may be as old as their news take, and at most a second.
    ///
    /// Errors: `job_not_found`.
    pub async fn view_job(&self, id: &str, at_least: i64) -> Result<Arc<Kept>> {
        let kept = self.db.kept();
        if let Some(job) = kept.get(id).filter(|kept| kept.job.version >= at_least) {
            return Ok(job);
        }
        let moment = kept.moment(id);
        let job = self.get_job(id).await?;
        let items = job_item::Entity::find()
            .filter(job_item::Column::JobId.eq(id))
            .order_by_asc(job_item::Column::Idx)
            .all(self.db.read())
            .await?;
        let job = Arc::new(Kept::new(job, items));
        kept.keep(moment, &job);
        Ok(job)
    }
}
