//! get_job.

use super::{JobManager, validate};
use crate::error::{Error, Result, Thing};
use entity::job;
use sea_orm::EntityTrait;

impl JobManager {
    /// Errors: `job_not_found`.
    pub async fn get_job(&self, id: &str) -> Result<job::Model> {
        validate::may_exist(id, Thing::Job)?;
        job::Entity::find_by_id(id).one(self.db.read()).await?.ok_or(Error::NotFound(Thing::Job))
    }
}
