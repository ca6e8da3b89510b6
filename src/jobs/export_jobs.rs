//! export_page: jobs with their items, oldest first, a page at a time.

use super::{Filter, JobManager, Order, PageAfter, View, list_jobs};
use crate::{error::Result, lifecycle::Cursor};
use entity::{job, job_item};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

impl JobManager {
    /// The jobs behind the cursor, each with its items in order; an empty page is behind the last one. A job that is
    /// created while pages are read comes last.
    pub async fn export_page(
        &self,
        after: Option<Cursor>,
        limit: u64,
    ) -> Result<Vec<(job::Model, Vec<job_item::Model>)>> {
        let db = self.db.read();
        let after = after.map_or(PageAfter::Offset(0), PageAfter::Cursor);
        let page = list_jobs::page(
            db.get_database_backend(),
            &Filter::default(),
            Order::OldestFirst,
            &after,
            limit,
            View::Full,
        );
        let jobs = page.all(db).await?;
        let items = job_item::Entity::find()
            .filter(job_item::Column::JobId.is_in(jobs.iter().map(|job| &job.id)))
            .order_by_asc(job_item::Column::JobId)
            .order_by_asc(job_item::Column::Idx);
        let mut of_job: std::collections::HashMap<String, Vec<job_item::Model>> = std::collections::HashMap::new();
        for item in items.all(db).await? {
            of_job.entry(item.job_id.clone()).or_default().push(item);
        }
        let with_items = |job: job::Model| {
            let items = of_job.remove(&job.id).unwrap_or_default();
            (job, items)
        };
        Ok(jobs.into_iter().map(with_items).collect())
    }
}
