//! Pages of jobs along the index of a filter.

use crate::{
    db::{
        Database, IndexScan, PART_BYTES, View, fitting,
        jobs::list::columns::{columns, long},
        page_of_jobs,
        rows::part::{bytes_of, sizes_of},
    },
    error::Result,
    lifecycle::{Cursor, KeyRange},
};
use entity::job;
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, QuerySelect, Select};

/// JobRows of one page.
#[derive(Default)]
pub struct JobRows {
    pub jobs: Vec<job::Model>,
    /// Cursor of the next rows, if more follow.
    pub next: Option<Cursor>,
    pub cut: bool,
}

impl Database {
    /// Returns the next rows: at most `limit`, fewer if they are large.
    pub async fn page_of(
        &self,
        path: &IndexScan,
        part: &KeyRange,
        offset: u64,
        limit: u64,
        view: View,
    ) -> Result<JobRows> {
        let db = self.read();
        let backend = db.get_database_backend();
        let bytes = job::Entity::find()
            .select_only()
            .expr_as(bytes_of(backend, &long(view)), "bytes");
        let mut sizes = path.in_order(bytes, backend, part).limit(limit + 1);
        if offset > 0 {
            sizes = sizes.offset(offset);
        }
        let sizes = sizes_of(db, sizes).await?;
        let fit = Ord::min(fitting(sizes.iter().copied(), PART_BYTES), limit);
        if fit == 0 {
            return Ok(JobRows::default());
        }
        let jobs = page_of_jobs(db, page(backend, path, part, view), offset, fit).await?;
        // Fewer than `fit` rows come back only if none follow.
        let more = jobs.len() as u64 == fit && sizes.len() as u64 > fit;
        let next = jobs.last().filter(|_| more).map(place);
        Ok(JobRows {
            jobs,
            next,
            cut: more && fit < limit,
        })
    }

    /// Returns the nth job of the range, counted from 1, or `None` if there are fewer.
    pub async fn nth_job(
        &self,
        path: &IndexScan,
        part: &KeyRange,
        nth: u64,
    ) -> Result<Option<Cursor>> {
        let db = self.read();
        let mut place = path.places(db.get_database_backend(), part);
        let row = ConnectionTrait::query_one(db, place.offset(nth - 1).limit(1)).await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Cursor {
            created_at: row.try_get_by_index(0)?,
            id: row.try_get_by_index(1)?,
        }))
    }
}

/// Builds the query of a page. Public so that its query plan can be inspected.
pub fn page(
    backend: DbBackend,
    path: &IndexScan,
    part: &KeyRange,
    view: View,
) -> Select<job::Entity> {
    path.in_order(columns(view), backend, part)
}

/// Returns the position of a job in the order of a list.
fn place(job: &job::Model) -> Cursor {
    Cursor {
        created_at: job.created_at,
        id: job.id.clone(),
    }
}
