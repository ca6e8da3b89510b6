//! Matching jobs among those of a range, under a filter that no index covers completely.

use crate::{
    db::{
        Database, IndexScan, PART_BYTES, View, fitting,
        jobs::list::{
            columns::{columns, long},
            page::JobRows,
        },
        jobs_of,
        rows::part::bytes_of,
    },
    error::Result,
    lifecycle::{Cursor, KeyRange},
};
use entity::job;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryResult, QuerySelect, QueryTrait};
use std::time::Duration;

/// Position and approximate size in bytes of a job that matches the filter.
pub struct FoundKey {
    pub place: Cursor,
    pub bytes: u64,
}

impl Database {
    /// Returns the matching jobs of the range, with their approximate sizes in bytes, or `None` if
    /// the query took longer than `most`.
    pub async fn keys_within(
        &self,
        path: &IndexScan,
        part: &KeyRange,
        limit: u64,
        view: View,
        most: Duration,
    ) -> Result<Option<Vec<FoundKey>>> {
        let backend = self.read().get_database_backend();
        let query = job::Entity::find()
            .select_only()
            .column(job::Column::CreatedAt)
            .column(job::Column::Id)
            .expr_as(bytes_of(backend, &long(view)), "bytes");
        let query = path
            .in_order(query, backend, part)
            .limit(limit.min(i64::MAX.unsigned_abs()));
        let Some(rows) = self.within(most, query.build(backend)).await? else {
            return Ok(None);
        };
        let found = |row: &QueryResult| -> Result<FoundKey, DbErr> {
            let place = Cursor {
                created_at: row.try_get_by_index(0)?,
                id: row.try_get_by_index(1)?,
            };
            Ok(FoundKey {
                place,
                bytes: row.try_get_by_index::<i64>(2)?.unsigned_abs(),
            })
        };
        // A row whose position is unreadable must not fail the page.
        Ok(Some(
            rows.iter()
                .filter_map(|row| found(row).ok())
                .collect::<Vec<FoundKey>>(),
        ))
    }

    /// Loads the first of the jobs found: at most `limit`, fewer if they are large.
    pub async fn jobs_at(&self, found: &[FoundKey], limit: u64, view: View) -> Result<JobRows> {
        let fit = fitting(found.iter().map(|found| found.bytes), PART_BYTES).min(limit);
        let ids = found
            .iter()
            .take(usize::try_from(fit).unwrap_or(usize::MAX))
            .map(|found| &found.place.id);
        let ids: Vec<&str> = ids.map(String::as_str).collect();
        let query = columns(view).filter(job::Column::Id.is_in(ids.iter().copied()));
        let mut jobs = if ids.is_empty() {
            Vec::new()
        } else {
            jobs_of(self.read(), query).await?
        };
        jobs.sort_by_key(|job| ids.iter().position(|id| *id == job.id));
        let last = found
            .get(ids.len().saturating_sub(1))
            .map(|found| found.place.clone());
        let more = found.len() > ids.len();
        Ok(JobRows {
            jobs,
            next: last.filter(|_| more),
            cut: more && fit < limit,
        })
    }
}
