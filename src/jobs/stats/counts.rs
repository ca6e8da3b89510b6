//! counts_by_type: how many jobs of each type there are by status.

use crate::{
    error::Result,
    jobs::{Counts, JobManager},
};
use entity::{JobStatus, job};
use sea_orm::{ColumnTrait, EntityTrait, QueryOrder, QuerySelect};

impl JobManager {
    /// Of each type that has jobs, by status, in the order of the types.
    pub async fn counts_by_type(&self) -> Result<Vec<(String, Counts)>> {
        let rows: Vec<(String, JobStatus, i64)> = job::Entity::find()
            .select_only()
            .columns([job::Column::JobType, job::Column::Status])
            .column_as(job::Column::Id.count(), "jobs")
            .group_by(job::Column::JobType)
            .group_by(job::Column::Status)
            .order_by_asc(job::Column::JobType)
            .into_tuple()
            .all(self.db.read())
            .await?;
        let mut types: Vec<(String, Counts)> = Vec::new();
        for (job_type, status, jobs) in rows {
            if types.last().is_none_or(|(last, _)| *last != job_type) {
                types.push((job_type, Counts::default()));
            }
            let Some((_, counts)) = types.last_mut() else { continue };
            let field = match status {
                JobStatus::Queued => &mut counts.queued,
                JobStatus::Processing => &mut counts.processing,
                JobStatus::Completed => &mut counts.completed,
                JobStatus::Failed => &mut counts.failed,
                JobStatus::Cancelled => &mut counts.cancelled,
            };
            *field += jobs.unsigned_abs();
        }
        Ok(types)
    }
}
