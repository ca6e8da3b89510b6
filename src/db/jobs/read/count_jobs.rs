//! Counts of jobs: stored ones, and those of the jobs that a filter matches.

use crate::{
    db::{Database, IndexScan, Readable, actions::scope::ActionScope, writer::by},
    error::Result,
    lifecycle::{Counts, Filter, KeyRange, MAX_COUNTED},
};
use entity::{JobStatus, job, job_count};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};
use std::{collections::HashMap, time::Duration};

impl Database {
    /// Returns the stored counts by type and status, limited to the filter's type and status, in
    /// the order of the types.
    pub async fn stored_counts(&self, filter: &Filter) -> Result<Vec<(String, JobStatus, i64)>> {
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
        if !filter.job_types.is_empty() {
            query = query.filter(C::JobType.is_in(&filter.job_types));
        }
        let query = query
            .group_by(C::JobType)
            .group_by(C::Status)
            .order_by_asc(C::JobType);
        let mut counts: Vec<(String, JobStatus, i64)> =
            query.into_tuple().rows(self.read()).await?;
        counts.retain(|(.., jobs)| *jobs != 0);
        Ok(counts)
    }

    /// Returns the number of jobs of the filter's type and status, from stored counts.
    pub async fn stored_total(&self, filter: &Filter) -> Result<u64> {
        Ok(self
            .stored_counts(filter)
            .await?
            .iter()
            .map(|(.., jobs)| jobs.unsigned_abs())
            .fold(0, u64::saturating_add))
    }

    /// Counts the matching jobs of the range, and stops at [`MAX_COUNTED`] + 1.
    pub async fn count_some(&self, path: &IndexScan, part: &KeyRange) -> Result<u64> {
        let db = self.read();
        let count = count_of_some(path, part, db.get_database_backend());
        let row = ConnectionTrait::query_one(db, &count).await?;
        Ok(row
            .map(|row| row.try_get_by_index::<i64>(0))
            .transpose()?
            .unwrap_or(0)
            .unsigned_abs())
    }

    /// Counts the matching jobs of the range, and stops at [`MAX_COUNTED`] + 1; `None` if the query
    /// took longer than `most`.
    pub async fn count_some_within(
        &self,
        path: &IndexScan,
        part: &KeyRange,
        most: Duration,
    ) -> Result<Option<u64>> {
        let backend = self.read().get_database_backend();
        let count = count_of_some(path, part, backend);
        let Some(rows) = self.within(most, backend.build(&count)).await? else {
            return Ok(None);
        };
        let count = rows
            .first()
            .map(|row| row.try_get_by_index::<i64>(0))
            .transpose()?;
        Ok(Some(count.unwrap_or(0).unsigned_abs()))
    }

    /// Counts the jobs that match both the filter of the path and the scope, by status.
    pub async fn counts_by_status(&self, path: &IndexScan, scope: &ActionScope) -> Result<Counts> {
        let db = self.read();
        let backend = db.get_database_backend();
        let rows: Vec<(JobStatus, i64)> = by_status(path, &KeyRange::default(), scope, backend)
            .into_tuple()
            .rows(db)
            .await?;
        let mut counts = Counts::default();
        rows.into_iter()
            .for_each(|(status, jobs)| counts.add(status, jobs));
        Ok(counts)
    }

    /// Counts the jobs of the range that match both the filter of the path and the scope, by
    /// status; `None` if the query took longer than `most`. A row with an unknown status counts as
    /// no job.
    pub async fn counts_by_status_within(
        &self,
        path: &IndexScan,
        part: &KeyRange,
        scope: &ActionScope,
        most: Duration,
    ) -> Result<Option<Counts>> {
        let backend = self.read().get_database_backend();
        let query = by_status(path, part, scope, backend);
        let Some(rows) = self.within(most, query.build(backend)).await? else {
            return Ok(None);
        };
        let mut counts = Counts::default();
        for row in rows {
            if let (Ok(status), Ok(jobs)) = (
                row.try_get_by_index::<JobStatus>(0),
                row.try_get_by_index(1),
            ) {
                counts.add(status, jobs);
            }
        }
        Ok(Some(counts))
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
            .filter(by::within(
                self.caller(),
                self.read().get_database_backend(),
            ))
            .group_by(column)
            .group_by(job::Column::Status)
            .into_tuple()
            .rows(self.read())
            .await?;
        let mut counts: HashMap<String, Counts> = HashMap::new();
        rows.into_iter()
            .for_each(|(id, status, jobs)| counts.entry(id).or_default().add(status, jobs));
        Ok(counts)
    }

    /// Counts the jobs that wait for a worker and the processing jobs, by type.
    pub async fn live_jobs(&self, job_type: Option<&str>) -> Result<Vec<(String, JobStatus, i64)>> {
        let mut counted = Vec::new();
        // Spelled like the predicates of the indexes, so that the planner uses them.
        for live in ["status = 'queued' AND holds = 0", "status = 'processing'"] {
            let mut jobs = job::Entity::find()
                .select_only()
                .column(job::Column::JobType)
                .column(job::Column::Status)
                .column_as(job::Column::Id.count(), "jobs")
                .filter(Expr::cust(live))
                .group_by(job::Column::JobType)
                .group_by(job::Column::Status);
            if let Some(job_type) = job_type {
                jobs = jobs.filter(job::Column::JobType.eq(job_type));
            }
            counted.extend(
                jobs.into_tuple::<(String, JobStatus, i64)>()
                    .rows(self.read())
                    .await?,
            );
        }
        Ok(counted)
    }
}

fn count_of_some(path: &IndexScan, part: &KeyRange, backend: DbBackend) -> SelectStatement {
    let some = path.places(backend, part).limit(MAX_COUNTED + 1).to_owned();
    Query::select()
        .expr(Expr::col("id").count())
        .from_subquery(some, "some")
        .to_owned()
}

fn by_status(
    path: &IndexScan,
    part: &KeyRange,
    scope: &ActionScope,
    backend: DbBackend,
) -> Select<job::Entity> {
    path.jobs(job::Entity::find().select_only(), backend, part)
        .column(job::Column::Status)
        .column_as(job::Column::Id.count(), "jobs")
        .filter(scope.condition())
        .group_by(job::Column::Status)
}
