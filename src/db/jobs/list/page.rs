//! Pages of jobs along the index of a filter.

use crate::{
    db::{
        ANSWER_BYTES, Database, IndexScan, PART_BYTES, View, fitting,
        jobs::list::columns::{columns, long, small_columns},
        page_of_jobs,
        rows::{
            job_rows::small_jobs,
            part::{bytes_of, sizes_of},
        },
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
        if let Some(jobs) = small_page(db, path, part, offset, limit, view).await? {
            return Ok(jobs);
        }
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

/// Reads a page by one query. Returns `None` if a row cannot be read, or has a value above its
/// share of [`ANSWER_BYTES`], which the rows of the page divide evenly.
async fn small_page(
    db: &impl ConnectionTrait,
    path: &IndexScan,
    part: &KeyRange,
    offset: u64,
    limit: u64,
    view: View,
) -> Result<Option<JobRows>> {
    let most = ANSWER_BYTES as u64 / limit.max(1) / long(view).len() as u64;
    let backend = db.get_database_backend();
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut query = path
        .in_order(small_columns(view, backend, most), backend, part)
        .limit(limit + 1);
    if offset > 0 {
        query = query.offset(offset);
    }
    let Some(mut jobs) = small_jobs(db, query).await? else {
        return Ok(None);
    };
    let more = jobs.len() as u64 > limit;
    jobs.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = jobs.last().filter(|_| more).map(place);
    Ok(Some(JobRows {
        jobs,
        next,
        cut: false,
    }))
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
