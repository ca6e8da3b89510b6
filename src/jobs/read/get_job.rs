//! get_job and view_job: read one job.

use crate::{
    db::{CachedJob, Readable, one_job},
    error::{Error, Resource, Result},
    jobs::{
        JobManager,
        read::shots::{Shown, shown_items},
        validate,
    },
};
use entity::job;
use sea_orm::{ConnectionTrait, EntityTrait, QuerySelect};
use std::sync::Arc;

/// Maximum number of reads of a job with its items before the server reads them in one transaction.
const TRIES: usize = 3;

impl JobManager {
    /// Returns the job with this id.
    ///
    /// Errors: `job_not_found`.
    pub async fn get_job(&self, id: &str) -> Result<job::Model> {
        validate::may_exist(id, Resource::Job)?;
        find(self.db.read(), id).await
    }

    /// Checks that the job exists.
    ///
    /// Errors: `job_not_found`.
    pub(in crate::jobs) async fn find_job(&self, id: &str) -> Result<()> {
        validate::may_exist(id, Resource::Job)?;
        version(self.db.read(), id)
            .await?
            .map(|_| ())
            .ok_or(Error::NotFound(Resource::Job))
    }

    /// Returns the job with its items, from the cache if it has this version or a later one. The
    /// result includes every write that this server has answered. A write of another server is
    /// missing until its notification arrives, at most for a second.
    ///
    /// Errors: `job_not_found`.
    pub async fn view_job(&self, id: &str, at_least: i64) -> Result<Arc<CachedJob>> {
        let kept = self.db.job_cache();
        if let Some(job) = kept.get(id).filter(|kept| kept.job.version >= at_least) {
            return Ok(job);
        }
        let moment = kept.generation(id);
        let (job, Shown { items, next_after }) = self.with_items(id, None).await?;
        let job = Arc::new(CachedJob::new(job, items, next_after));
        kept.keep(moment, &job);
        Ok(job)
    }

    /// Returns the job and its items behind position `after`. Both have the same version, though
    /// two statements read them. A snapshot would cost each read a transaction; a comparison of the
    /// version afterwards costs only jobs with items.
    pub(in crate::jobs) async fn with_items(
        &self,
        id: &str,
        after: Option<i32>,
    ) -> Result<(job::Model, Shown)> {
        validate::may_exist(id, Resource::Job)?;
        let db = self.db.read();
        for _ in 0..TRIES {
            let (job, items) = read(db, id, after).await?;
            // `total_shots` counts the items too, so a job without shots has none.
            if (job.total_shots == 0 && items.items.is_empty())
                || version(db, id).await? == Some(job.version)
            {
                return Ok((job, items));
            }
        }
        let snapshot = self.db.snapshot().await?;
        let whole = read(&snapshot, id, after).await?;
        snapshot.commit().await?;
        Ok(whole)
    }
}

async fn read(
    db: &impl ConnectionTrait,
    id: &str,
    after: Option<i32>,
) -> Result<(job::Model, Shown)> {
    let job = find(db, id).await?;
    let items = shown_items(db, id, after).await?;
    Ok((job, items))
}

async fn find(db: &impl ConnectionTrait, id: &str) -> Result<job::Model> {
    one_job(db, job::Entity::find_by_id(id))
        .await?
        .ok_or(Error::NotFound(Resource::Job))
}

async fn version(db: &impl ConnectionTrait, id: &str) -> Result<Option<i64>> {
    Ok(job::Entity::find_by_id(id)
        .select_only()
        .column(job::Column::Version)
        .into_tuple()
        .row(db)
        .await?)
}
