//! get_job and view_job.

use super::{JobManager, validate};
use crate::{
    db::{Kept, Readable, one_job},
    error::{Error, Result, Thing},
};
use entity::{job, job_item};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::sync::Arc;

/// How often a job with its items is read before it is read at one moment, in a transaction.
const TRIES: usize = 3;

impl JobManager {
    /// Errors: `job_not_found`.
    pub async fn get_job(&self, id: &str) -> Result<job::Model> {
        validate::may_exist(id, Thing::Job)?;
        find(self.db.read(), id).await
    }

    /// The job with its items, from memory where it is there at this version or a later one. Never older than the last
    /// write that this server answered; of other servers' writes it may be as old as their news take, and at most a second.
    ///
    /// Errors: `job_not_found`.
    pub async fn view_job(&self, id: &str, at_least: i64) -> Result<Arc<Kept>> {
        let kept = self.db.kept();
        if let Some(job) = kept.get(id).filter(|kept| kept.job.version >= at_least) {
            return Ok(job);
        }
        let moment = kept.moment(id);
        let (job, items) = self.with_items(id).await?;
        let job = Arc::new(Kept::new(job, items));
        kept.keep(moment, &job);
        Ok(job)
    }

    /// The job and its items of one version, though two statements read them. A snapshot would cost each read a
    /// transaction; a look at whether the version is still the same costs those alone that have items.
    pub(super) async fn with_items(&self, id: &str) -> Result<(job::Model, Vec<job_item::Model>)> {
        validate::may_exist(id, Thing::Job)?;
        let db = self.db.read();
        for _ in 0..TRIES {
            let (job, items) = read(db, id).await?;
            // The shots of a job with items are its items.
            if (job.total_shots == 0 && items.is_empty()) || version(db, id).await? == Some(job.version) {
                return Ok((job, items));
            }
        }
        let snapshot = self.db.snapshot().await?;
        let whole = read(&snapshot, id).await?;
        snapshot.commit().await?;
        Ok(whole)
    }
}

async fn read(db: &impl ConnectionTrait, id: &str) -> Result<(job::Model, Vec<job_item::Model>)> {
    let job = find(db, id).await?;
    let items = job_item::Entity::find().filter(job_item::Column::JobId.eq(id));
    Ok((job, items.order_by_asc(job_item::Column::Idx).rows(db).await?))
}

async fn find(db: &impl ConnectionTrait, id: &str) -> Result<job::Model> {
    one_job(db, job::Entity::find_by_id(id)).await?.ok_or(Error::NotFound(Thing::Job))
}

async fn version(db: &impl ConnectionTrait, id: &str) -> Result<Option<i64>> {
    Ok(job::Entity::find_by_id(id).select_only().column(job::Column::Version).into_tuple().row(db).await?)
}
