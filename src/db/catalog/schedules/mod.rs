//! Schedules: their rows, and the write by which one creates a job.

pub mod change;
pub mod fire;

use crate::{
    db::{Database, Readable, page},
    error::{Error, Resource, Result},
};
use chrono::{DateTime, Utc};
use entity::schedule;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

impl Database {
    /// Returns the schedule with this id.
    ///
    /// Errors: `schedule_not_found`.
    pub async fn schedule(&self, id: &str) -> Result<schedule::Model> {
        schedule::Entity::find_by_id(id)
            .row(self.read())
            .await?
            .ok_or(Error::NotFound(Resource::Schedule))
    }

    /// Returns the first `limit` schedules whose ids sort behind `after`.
    pub async fn schedules_behind(
        &self,
        after: Option<String>,
        limit: u64,
    ) -> Result<Vec<schedule::Model>> {
        use schedule::Column as C;
        let mut query = schedule::Entity::find().order_by_asc(C::Id);
        if let Some(after) = after {
            query = query.filter(C::Id.gt(after));
        }
        Ok(page(query, limit, self.read()).await?)
    }

    /// Returns the schedules that are due, those that wait longest first, at most `limit`.
    pub async fn due_schedules(
        &self,
        now: DateTime<Utc>,
        limit: u64,
    ) -> Result<Vec<schedule::Model>> {
        use schedule::Column as C;
        let due = schedule::Entity::find()
            .filter(C::DueAt.lte(now))
            .order_by_asc(C::DueAt)
            .order_by_asc(C::Id);
        Ok(page(due, limit, self.read()).await?)
    }

    /// Returns when the next schedule is due; `None` if none ever is.
    pub async fn next_due(&self) -> Result<Option<DateTime<Utc>>> {
        use schedule::Column as C;
        let first = schedule::Entity::find()
            .select_only()
            .column(C::DueAt)
            .filter(C::DueAt.is_not_null())
            .order_by_asc(C::DueAt)
            .limit(1);
        let due = first.into_tuple::<DateTime<Utc>>().row(self.read()).await?;
        Ok(due)
    }
}
