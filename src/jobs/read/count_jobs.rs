//! count_jobs: number of jobs by status, under the same filters as a list.

use crate::{
    db::Readable,
    error::Result,
    jobs::{Filter, IndexScan, JobManager, KeyRange},
};
use entity::{JobStatus, job, job_count};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Query},
};
use std::collections::HashMap;

/// Maximum number of jobs that a list counts one by one, under a filter that no stored count
/// covers. If there are more, the list reports this number as a lower bound.
pub const MAX_COUNTED: u64 = 1000;

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
            queued: self.queued.saturating_add(other.queued),
            processing: self.processing.saturating_add(other.processing),
            completed: self.completed.saturating_add(other.completed),
            failed: self.failed.saturating_add(other.failed),
            cancelled: self.cancelled.saturating_add(other.cancelled),
        }
    }

    pub fn total(&self) -> u64 {
        [
            self.queued,
            self.processing,
            self.completed,
            self.failed,
            self.cancelled,
        ]
        .into_iter()
        .fold(0, u64::saturating_add)
    }

    pub(in crate::jobs) fn add(&mut self, status: JobStatus, jobs: i64) {
        let field = match status {
            JobStatus::Queued => &mut self.queued,
            JobStatus::Processing => &mut self.processing,
            JobStatus::Completed => &mut self.completed,
            JobStatus::Failed => &mut self.failed,
            JobStatus::Cancelled => &mut self.cancelled,
        };
        *field += jobs.unsigned_abs();
    }
}

/// Number of jobs that match a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Total {
    pub jobs: u64,
    /// False if more jobs than `jobs` may match.
    pub exact: bool,
}

impl Total {
    /// Builds a total from a count that stops at [`MAX_COUNTED`] + 1. `all` is false if the count left
    /// out some jobs.
    pub(in crate::jobs) fn of(counted: u64, all: bool) -> Self {
        Self {
            jobs: Ord::min(counted, MAX_COUNTED),
            exact: all && counted <= MAX_COUNTED,
        }
    }
}

impl std::fmt::Display for Total {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let more = if self.exact { "" } else { "at least " };
        write!(f, "{more}{}", self.jobs)
    }
}

impl JobManager {
    /// Counts the matching jobs by status. Reads stored counts instead of jobs if the filter names
    /// nothing but status and type.
    ///
    /// Errors: `invalid_request`, `search_too_long`.
    pub async fn count_jobs(&self, filter: &Filter) -> Result<Counts> {
        filter.check()?;
        let mut counts = Counts::default();
        if filter.is_kept_count() {
            for (_, status, jobs) in self.kept_counts(filter).await? {
                counts.add(status, jobs);
            }
            return Ok(counts);
        }
        let (this, asked) = (self.clone(), filter.clone());
        self.in_turn(filter, async move {
            this.counted(&asked, Condition::all()).await
        })
        .await
    }

    /// Counts the jobs that match both the filter and the condition, by status.
    pub(in crate::jobs) async fn counted(
        &self,
        filter: &Filter,
        also: Condition,
    ) -> Result<Counts> {
        let mut counts = Counts::default();
        let Some(path) = self.choose_index(filter).await? else {
            return Ok(counts);
        };
        if filter.q.is_some() {
            return self.sifted_counts(&path, &also).await;
        }
        let db = self.db.read();
        let rows: Vec<(JobStatus, i64)> = path
            .jobs(
                job::Entity::find().select_only(),
                db.get_database_backend(),
                &KeyRange::default(),
            )
            .column(job::Column::Status)
            .column_as(job::Column::Id.count(), "jobs")
            .filter(also)
            .group_by(job::Column::Status)
            .into_tuple()
            .rows(db)
            .await?;
        rows.into_iter()
            .for_each(|(status, jobs)| counts.add(status, jobs));
        Ok(counts)
    }

    /// Returns the counts by status of each type that has jobs, ordered by type. Exact and cheap:
    /// the time does not depend on the number of jobs.
    pub async fn counts_by_type(&self) -> Result<Vec<(String, Counts)>> {
        let mut types: Vec<(String, Counts)> = Vec::new();
        for (job_type, status, jobs) in self.kept_counts(&Filter::default()).await? {
            if types.last().is_none_or(|(last, _)| *last != job_type) {
                types.push((job_type, Counts::default()));
            }
            if let Some((_, counts)) = types.last_mut() {
                counts.add(status, jobs);
            }
        }
        Ok(types)
    }

    /// Returns the counts by status of those of the given series that have jobs.
    pub async fn counts_by_series(&self, ids: Vec<String>) -> Result<HashMap<String, Counts>> {
        self.counts_by(job::Column::SeriesId, ids).await
    }

    /// Returns the counts by status of those of the given episodes that have jobs.
    pub async fn counts_by_episode(&self, ids: Vec<String>) -> Result<HashMap<String, Counts>> {
        self.counts_by(job::Column::EpisodeId, ids).await
    }

    async fn counts_by(
        &self,
        column: job::Column,
        ids: Vec<String>,
    ) -> Result<HashMap<String, Counts>> {
        let rows: Vec<(String, JobStatus, i64)> = job::Entity::find()
            .select_only()
            .columns([column, job::Column::Status])
            .column_as(job::Column::Id.count(), "jobs")
            .filter(column.is_in(ids))
            .group_by(column)
            .group_by(job::Column::Status)
            .into_tuple()
            .rows(self.db.read())
            .await?;
        let mut counts: HashMap<String, Counts> = HashMap::new();
        rows.into_iter()
            .for_each(|(id, status, jobs)| counts.entry(id).or_default().add(status, jobs));
        Ok(counts)
    }

    /// Counts the jobs that match the filter of the path.
    pub(in crate::jobs) async fn total_by(&self, path: &IndexScan) -> Result<Total> {
        if path.filter().is_kept_count() {
            return Ok(Total {
                jobs: self.kept_total(path.filter()).await?,
                exact: true,
            });
        }
        match path.has_residual_filter() {
            true => self.sifted_total(path).await,
            false => Ok(Total::of(
                self.count_some(path, &KeyRange::default()).await?,
                true,
            )),
        }
    }

    /// Counts the matching jobs of the range, and stops at [`MAX_COUNTED`] + 1.
    pub(in crate::jobs) async fn count_some(
        &self,
        path: &IndexScan,
        part: &KeyRange,
    ) -> Result<u64> {
        let db = self.db.read();
        let some = path
            .places(db.get_database_backend(), part)
            .limit(MAX_COUNTED + 1)
            .to_owned();
        let count = Query::select()
            .expr(Expr::col("id").count())
            .from_subquery(some, "some")
            .to_owned();
        let row = sea_orm::ConnectionTrait::query_one(db, &count).await?;
        Ok(row
            .map(|row| row.try_get_by_index::<i64>(0))
            .transpose()?
            .unwrap_or(0)
            .unsigned_abs())
    }

    /// Returns the number of jobs of the filter's type and status, from stored counts.
    pub(in crate::jobs) async fn kept_total(&self, filter: &Filter) -> Result<u64> {
        Ok(self
            .kept_counts(filter)
            .await?
            .iter()
            .map(|(.., jobs)| jobs.unsigned_abs())
            .fold(0, u64::saturating_add))
    }

    /// Returns the stored counts by type and status, limited to the filter's type and status.
    async fn kept_counts(&self, filter: &Filter) -> Result<Vec<(String, JobStatus, i64)>> {
        use job_count::Column as C;
        let mut query = job_count::Entity::find()
            .select_only()
            .columns([C::JobType, C::Status])
            .expr(Expr::cust("CAST(SUM(jobs) AS bigint)"));
        if let Some(status) = filter.status {
            query = query.filter(C::Status.eq(status));
        }
        if let Some(job_type) = &filter.job_type {
            query = query.filter(C::JobType.eq(job_type));
        }
        let query = query
            .group_by(C::JobType)
            .group_by(C::Status)
            .order_by_asc(C::JobType);
        let mut counts: Vec<(String, JobStatus, i64)> =
            query.into_tuple().rows(self.db.read()).await?;
        counts.retain(|(.., jobs)| *jobs != 0);
        Ok(counts)
    }
}
