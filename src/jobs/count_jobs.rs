//! count_jobs: how many jobs there are by status, under the same filters as a list.

use super::{Filter, JobManager};
use crate::error::Result;
use entity::{JobStatus, job};
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub queued: u64,
    pub processing: u64,
    pub completed: u64,
    pub failed: u64,
    pub cancelled: u64,
}

impl Counts {
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            queued: self.queued + other.queued,
            processing: self.processing + other.processing,
            completed: self.completed + other.completed,
            failed: self.failed + other.failed,
            cancelled: self.cancelled + other.cancelled,
        }
    }

    pub fn total(&self) -> u64 {
        self.queued + self.processing + self.completed + self.failed + self.cancelled
    }
}

impl JobManager {
    /// Errors: `invalid_request`.
    pub async fn count_jobs(&self, filter: &Filter) -> Result<Counts> {
        filter.check()?;
        let db = self.db.read();
        let rows: Vec<(JobStatus, i64)> = job::Entity::find()
            .select_only()
            .column(job::Column::Status)
            .column_as(sea_orm::ColumnTrait::count(&job::Column::Id), "jobs")
            .filter(filter.condition(db.get_database_backend()))
            .group_by(job::Column::Status)
            .into_tuple()
            .all(db)
            .await?;
        let mut counts = Counts::default();
        for (status, jobs) in rows {
            let field = match status {
                JobStatus::Queued => &mut counts.queued,
                JobStatus::Processing => &mut counts.processing,
                JobStatus::Completed => &mut counts.completed,
                JobStatus::Failed => &mut counts.failed,
                JobStatus::Cancelled => &mut counts.cancelled,
            };
            *field = jobs.unsigned_abs();
        }
        Ok(counts)
    }

    pub(super) async fn total(&self, filter: &Filter) -> Result<u64> {
        let db = self.db.read();
        Ok(job::Entity::find().filter(filter.condition(db.get_database_backend())).count(db).await?)
    }
}
