//! get_job and view_job: read one job.

use crate::{
    db::{CachedJob, SharedRead, ShownItems},
    error::{Error, Resource, Result},
    jobs::{JobManager, read::shot::reduced, validate},
};
use entity::job;
use std::sync::Arc;

/// Place from which a job was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadSource {
    Memory,
    Redis,
    Database,
    Archive,
}

impl ReadSource {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Redis => "redis",
            Self::Database => "database",
            Self::Archive => "archive",
        }
    }
}

impl JobManager {
    /// Returns the job with this id.
    ///
    /// Errors: `job_not_found`, `job_archived`.
    pub async fn get_job(&self, id: &str) -> Result<job::Model> {
        validate::may_exist(id, Resource::Job)?;
        let job = self.db.job(id).await;
        self.or_archived(id, job).await
    }

    /// Checks that the job exists.
    ///
    /// Errors: `job_not_found`, `job_archived`.
    pub(in crate::jobs) async fn find_job(&self, id: &str) -> Result<()> {
        validate::may_exist(id, Resource::Job)?;
        match self.db.job_version(id).await? {
            Some(_) => Ok(()),
            None => {
                let missing = Err(Error::NotFound(Resource::Job));
                self.or_archived(id, missing).await
            }
        }
    }

    /// Returns the job with its items, and where it was read: from memory, from Redis, or from the
    /// database, the first that has this version or a later one. The result includes every write
    /// that this server has answered. A write of another server is missing until its notification
    /// arrives, at most for a second.
    ///
    /// Errors: `job_not_found`, `job_archived`.
    pub async fn view_job(&self, id: &str, at_least: i64) -> Result<(Arc<CachedJob>, ReadSource)> {
        validate::may_exist(id, Resource::Job)?;
        let kept = self.db.job_cache();
        if let Some(job) = kept.get(id).filter(|kept| kept.job.version >= at_least) {
            return Ok((self.seen(job)?, ReadSource::Memory));
        }
        let moment = kept.generation(id);
        let redis = self.db.redis();
        let shared = match redis {
            Some(redis) => redis.read(id, at_least).await,
            None => SharedRead::Miss(None),
        };
        let permit = match shared {
            SharedRead::Hit(job) => {
                kept.keep(moment, &job);
                return Ok((self.seen(job)?, ReadSource::Redis));
            }
            SharedRead::Miss(permit) => permit,
        };
        let (job, ShownItems { items, next_after }) = self.with_items(id, None).await?;
        let job = Arc::new(CachedJob::new(job, items, next_after));
        kept.keep(moment, &job);
        if let Some((redis, permit)) = redis.zip(permit) {
            redis.store(permit, &job);
        }
        Ok((job, ReadSource::Database))
    }

    /// Returns the job if the caller may see it.
    fn seen(&self, job: Arc<CachedJob>) -> Result<Arc<CachedJob>> {
        self.binding()
            .is_none_or(|binding| binding.holds(&job.job))
            .then_some(job)
            .ok_or(Error::NotFound(Resource::Job))
    }

    /// Returns the job with its items behind position `after`, both of the same version, each item
    /// reduced to what a shot uses.
    ///
    /// Errors: `job_not_found`, `job_archived`.
    pub(in crate::jobs) async fn with_items(
        &self,
        id: &str,
        after: Option<i32>,
    ) -> Result<(job::Model, ShownItems)> {
        validate::may_exist(id, Resource::Job)?;
        let found = self.db.job_with_items(id, after, reduced).await;
        self.or_archived(id, found).await
    }
}
