//! Running jobs of a type, and how long its attempts lasted: what a forecast is made of.

use crate::{
    db::{Database, Readable, dialect::is_processing, jobs::list::columns::brief, jobs_of},
    error::Result,
    lifecycle::{BucketSize, Histogram, Tally},
};
use chrono::{DateTime, Utc};
use entity::{job, job_stat};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

impl Database {
    /// Returns the processing jobs of a type, at most `limit`, without their long values.
    pub async fn running_jobs(&self, job_type: &str, limit: u64) -> Result<Vec<job::Model>> {
        let running = brief()
            .filter(is_processing())
            .filter(job::Column::JobType.eq(job_type))
            .order_by_asc(job::Column::Id)
            .limit(limit);
        Ok(jobs_of(self.read(), running).await?)
    }

    /// Returns the durations of the attempts of a type that ended in the hours since a time.
    pub async fn durations(&self, job_type: &str, since: DateTime<Utc>) -> Result<Histogram> {
        use job_stat::Column as C;
        let rows = job_stat::Entity::find()
            .filter(C::Unit.eq(BucketSize::Hour.seconds()))
            .filter(C::Start.gte(since))
            .filter(C::JobType.eq(job_type))
            .rows(self.read())
            .await?;
        let mut runs = Histogram::default();
        for row in rows {
            runs.merge(&Tally::from(row).runs);
        }
        Ok(runs)
    }
}
