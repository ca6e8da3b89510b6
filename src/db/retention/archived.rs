//! Archived jobs and their objects, as reads find them.

use crate::{
    db::{Database, Readable, WholeJob, jobs::read::export_jobs, page_of_jobs, rows::bulk},
    error::Result,
};
use entity::{ArchiveState, active_job, archive, archived_job, job, job_event, job_item};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};
use std::collections::HashMap;

/// Object with the number of jobs that are in it alone.
#[derive(Clone, Debug)]
pub struct ArchiveRow {
    pub row: archive::Model,
    /// Jobs of the object that are not in the database.
    pub archived: u64,
}

impl Database {
    /// Returns where an archived job is; `None` if it is in the database, or nowhere.
    pub async fn archived_job(
        &self,
        id: &str,
    ) -> Result<Option<(archived_job::Model, archive::Model)>> {
        let row = archived_job::Entity::find_by_id(id)
            .filter(archived_job::Column::RestoredAt.is_null())
            .row(self.read())
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let archive = archive::Entity::find_by_id(&row.archive_id)
            .row(self.read())
            .await?;
        Ok(archive.map(|archive| (row, archive)))
    }

    /// Returns the complete objects behind the one with the id `after`, newest first: at most
    /// `limit`.
    pub async fn archives(&self, after: Option<&str>, limit: u64) -> Result<Vec<ArchiveRow>> {
        use archive::Column as C;
        let mut find = archive::Entity::find()
            .filter(C::State.eq(ArchiveState::Done))
            .order_by_desc(C::Id)
            .limit(limit);
        if let Some(after) = after {
            find = find.filter(C::Id.lt(after));
        }
        let rows = find.rows(self.read()).await?;
        let ids = rows.iter().map(|row| row.id.as_str());
        let counts: Vec<(String, i64)> = archived_job::Entity::find()
            .select_only()
            .column(archived_job::Column::ArchiveId)
            .column_as(archived_job::Column::JobId.count(), "jobs")
            .filter(archived_job::Column::ArchiveId.is_in(ids))
            .filter(archived_job::Column::RestoredAt.is_null())
            .group_by(archived_job::Column::ArchiveId)
            .into_tuple()
            .rows(self.read())
            .await?;
        let count = |id: &str| {
            let of = counts.iter().find(|(archive, _)| archive == id);
            of.map_or(0, |(_, jobs)| jobs.unsigned_abs())
        };
        Ok(rows
            .into_iter()
            .map(|row| ArchiveRow {
                archived: count(&row.id),
                row,
            })
            .collect())
    }

    /// Returns the rows of an object's archived jobs behind the one with the id `after`, by id.
    pub async fn archived_jobs_of(
        &self,
        archive_id: &str,
        after: &str,
        limit: u64,
    ) -> Result<Vec<archived_job::Model>> {
        use archived_job::Column as C;
        let find = archived_job::Entity::find()
            .filter(C::ArchiveId.eq(archive_id))
            .filter(C::JobId.gt(after))
            .filter(C::RestoredAt.is_null())
            .order_by_asc(C::JobId)
            .limit(limit);
        Ok(find.rows(self.read()).await?)
    }

    /// Returns whether archives were begun that have not ended.
    pub async fn has_unfinished_archives(&self) -> Result<bool> {
        let find = archive::Entity::find().filter(Expr::cust("state <> 'done'"));
        Ok(find.row(self.read()).await?.is_some())
    }

    /// Returns whether there is a row for the object at a location.
    pub async fn has_archive_at(&self, location: &str) -> Result<bool> {
        let find = archive::Entity::find().filter(archive::Column::Location.eq(location));
        Ok(find.row(self.read()).await?.is_some())
    }

    /// Returns those of the jobs that exist, each with all rows that belong to it, and leaves out
    /// those of which a row cannot be read. One snapshot reads them.
    pub async fn whole_jobs(&self, ids: &[&str]) -> Result<Vec<WholeJob>> {
        let db = self.snapshot().await?;
        let of_ids = bulk::is_one_of(db.get_database_backend(), Expr::col(job::Column::Id), ids);
        let find = job::Entity::find()
            .filter(of_ids)
            .order_by_asc(job::Column::Id);
        let jobs = page_of_jobs(&db, find, 0, ids.len() as u64).await?;
        let mut whole = export_jobs::whole(&db, jobs).await?;
        let items = count_by_job::<job_item::Entity>(&db, job_item::Column::JobId, ids).await?;
        let events = count_by_job::<job_event::Entity>(&db, job_event::Column::JobId, ids).await?;
        let active =
            count_by_job::<active_job::Entity>(&db, active_job::Column::JobId, ids).await?;
        db.commit().await?;
        let has_all = |id: &str, rows: &HashMap<String, i64>, read: usize| {
            rows.get(id).copied().unwrap_or_default() == read as i64
        };
        whole.retain(|one| {
            let id = one.job.id.as_str();
            has_all(id, &items, one.items.len())
                && has_all(id, &events, one.events.len())
                && has_all(id, &active, one.active.len())
        });
        Ok(whole)
    }
}

/// Counts the rows of a table that belong to each of the jobs, readable or not.
async fn count_by_job<E: EntityTrait>(
    db: &impl ConnectionTrait,
    job_id: E::Column,
    ids: &[&str],
) -> Result<HashMap<String, i64>> {
    let of_ids = bulk::is_one_of(db.get_database_backend(), Expr::col(job_id), ids);
    let counts: Vec<(String, i64)> = E::find()
        .select_only()
        .column(job_id)
        .column_as(job_id.count(), "count")
        .filter(of_ids)
        .group_by(job_id)
        .into_tuple()
        .rows(db)
        .await?;
    Ok(counts.into_iter().collect())
}

/// Returns those of the ids that belong to archived jobs.
pub(in crate::db) async fn archived_among(
    db: &impl ConnectionTrait,
    ids: &[&str],
) -> Result<Vec<String>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let job_id = Expr::col(archived_job::Column::JobId);
    let find = archived_job::Entity::find()
        .select_only()
        .column(archived_job::Column::JobId)
        .filter(bulk::is_one_of(db.get_database_backend(), job_id, ids))
        .filter(archived_job::Column::RestoredAt.is_null());
    Ok(find.into_tuple().rows(db).await?)
}
