//! list_jobs: pages of jobs under a filter, newest first, by offset or by keyset cursor.

use super::{
    AccessPath, Filter, JobManager, Stretch, Total,
    sift::{Sifted, Skip},
};
use crate::{
    db::{self, PART_BYTES},
    error::{Error, FieldError, Result},
    lifecycle::Cursor,
};
use entity::job;
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, QuerySelect, Select, sea_query::Expr};
use std::collections::HashMap;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    #[default]
    NewestFirst,
    OldestFirst,
}

impl Order {
    fn reversed(self) -> Self {
        match self {
            Self::NewestFirst => Self::OldestFirst,
            Self::OldestFirst => Self::NewestFirst,
        }
    }
}

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PageAfter {
    /// At the first row. What follows is asked for by cursor.
    Start,
    /// Behind so many rows. Costs more the deeper it goes.
    Offset(u64),
    /// Behind the row that the `next_cursor` of the page before names. Costs the same at any depth.
    Cursor(Cursor),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum View {
    #[default]
    Full,
    /// Without content, request_data, context and result, which may be large.
    Summary,
    /// A summary with the newest frame of each job.
    Preview,
}

pub struct Page {
    pub jobs: Vec<job::Model>,
    /// Paths of the newest frames by job, in a preview.
    pub frames: HashMap<String, String>,
    /// How many jobs there are under the filter, on all pages.
    pub total: Total,
    /// Set when more follow, or may follow: see [`super::LOOKED_AT`].
    pub next: Option<Cursor>,
    /// It ended because of how large its rows are: what it lacks begins at `next`.
    pub cut: bool,
}

/// Rows of a page.
#[derive(Default)]
pub(super) struct Rows {
    pub jobs: Vec<job::Model>,
    /// Where the next ones begin, when there are more.
    pub next: Option<Cursor>,
    pub cut: bool,
}

impl Page {
    fn empty() -> Self {
        Self { jobs: Vec::new(), frames: HashMap::new(), total: Total { jobs: 0, exact: true }, next: None, cut: false }
    }
}

/// Rows that are walked over one by one before a page; of more the last is looked up first, by the index alone.
const SHALLOW: u64 = 200;

/// Rows of a page.
const LIMIT: std::ops::RangeInclusive<u64> = 1..=200;

impl JobManager {
    /// A page may hold less than it has room for, though more follow: when its rows are large, or when the filter names
    /// more than an index knows, and the page is not asked for by offset: see [`super::LOOKED_AT`].
    ///
    /// Errors: `invalid_request`, `search_too_long`.
    pub async fn list_jobs(
        &self,
        filter: &Filter,
        order: Order,
        after: PageAfter,
        limit: u64,
        view: View,
    ) -> Result<Page> {
        filter.check()?;
        if !LIMIT.contains(&limit) {
            return Err(Error::invalid(FieldError::parameter("limit", "out_of_range", "Use a limit from 1 to 200.")));
        }
        if matches!(after, PageAfter::Offset(n) if i64::try_from(n).is_err()) {
            let detail = "Use an offset that fits 63 bits, or better a cursor.";
            return Err(Error::invalid(FieldError::parameter("offset", "out_of_range", detail)));
        }
        let (this, asked) = (self.clone(), filter.clone());
        self.in_turn(filter, async move { this.page(&asked, order, after, limit, view).await }).await
    }

    async fn page(&self, filter: &Filter, order: Order, after: PageAfter, limit: u64, view: View) -> Result<Page> {
        let Some(path) = self.path(filter).await? else { return Ok(Page::empty()) };
        let Sifted { total, rows, upto } = self.found(&path, order, after, limit, view).await?;
        let Rows { jobs, next, cut } = rows;
        let frames = match view {
            View::Preview => self.newest_frames(&jobs).await?,
            View::Full | View::Summary => HashMap::new(),
        };
        Ok(Page { jobs, frames, total, next: next.or(upto), cut })
    }

    async fn found(&self, path: &AccessPath, order: Order, after: PageAfter, limit: u64, view: View) -> Result<Sifted> {
        let whole = Stretch { order, ..Stretch::default() };
        let (part, offset) = match after {
            PageAfter::Offset(rows) if path.filter().q.is_some() => {
                return self.sifted(path, whole, Skip(Some(rows)), limit, view).await;
            }
            PageAfter::Start | PageAfter::Cursor(_) if path.sifts() => {
                let behind = if let PageAfter::Cursor(row) = after { Some(row) } else { None };
                return self.sifted(path, Stretch { behind, ..whole }, Skip(None), limit, view).await;
            }
            PageAfter::Offset(rows) if rows > SHALLOW => {
                let total = self.total_by(path).await?;
                let rows = match self.row_before(path, order, rows, total).await? {
                    None => Rows::default(),
                    behind => self.rows(path, &Stretch { behind, ..whole }, 0, limit, view).await?,
                };
                return Ok(Sifted { total, rows, upto: None });
            }
            PageAfter::Offset(rows) => (whole, rows),
            PageAfter::Start => (whole, 0),
            PageAfter::Cursor(row) => (Stretch { behind: Some(row), ..whole }, 0),
        };
        let rows = self.rows(path, &part, offset, limit, view);
        let (total, rows) = tokio::try_join!(self.total_by(path), rows)?;
        Ok(Sifted { total, rows, upto: None })
    }

    /// The next rows, as many as are read at once.
    async fn rows(&self, path: &AccessPath, part: &Stretch, offset: u64, limit: u64, view: View) -> Result<Rows> {
        let db = self.db.read();
        let backend = db.get_database_backend();
        let bytes = job::Entity::find().select_only().expr_as(db::bytes_of(backend, &long(view)), "bytes");
        let mut sizes = path.in_order(bytes, backend, part).limit(limit + 1);
        if offset > 0 {
            sizes = sizes.offset(offset);
        }
        let sizes = db::sizes_of(db, sizes).await?;
        let fit = Ord::min(db::fitting(sizes.iter().copied(), PART_BYTES), limit);
        if fit == 0 {
            return Ok(Rows::default());
        }
        let jobs = db::page_of_jobs(db, page(backend, path, part, view), offset, fit).await?;
        // Fewer are there only when there are no more behind them.
        let more = jobs.len() as u64 == fit && sizes.len() as u64 > fit;
        let next = jobs.last().filter(|_| more).map(place);
        Ok(Rows { jobs, next, cut: more && fit < limit })
    }

    /// The last of so many rows; none when there are fewer. Walks over an index from whichever end is nearer, and over
    /// nothing where the count tells that there are not so many.
    async fn row_before(&self, path: &AccessPath, order: Order, rows: u64, total: Total) -> Result<Option<Cursor>> {
        if total.exact && rows >= total.jobs {
            return Ok(None);
        }
        let (order, nth) = match total.exact && rows > total.jobs / 2 {
            true => (order.reversed(), total.jobs - rows + 1),
            false => (order, rows),
        };
        self.nth(path, &Stretch { order, ..Stretch::default() }, nth).await
    }

    /// The nth job of the stretch, counted from 1; none when there are fewer.
    pub(super) async fn nth(&self, path: &AccessPath, part: &Stretch, nth: u64) -> Result<Option<Cursor>> {
        let db = self.db.read();
        let mut place = path.places(db.get_database_backend(), part);
        let row = ConnectionTrait::query_one(db, place.offset(nth - 1).limit(1)).await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Cursor { created_at: row.try_get_by_index(0)?, id: row.try_get_by_index(1)? }))
    }
}

/// The query of a page. Public so that its plan can be looked at.
pub fn page(backend: DbBackend, path: &AccessPath, part: &Stretch, view: View) -> Select<job::Entity> {
    path.in_order(columns(view), backend, part)
}

/// Where a job stands in the order of a list.
fn place(job: &job::Model) -> Cursor {
    Cursor { created_at: job.created_at, id: job.id.clone() }
}

/// Columns that a summary leaves out, and what may be long of the others.
const LARGE: [job::Column; 4] =
    [job::Column::Content, job::Column::RequestData, job::Column::Context, job::Column::ResultData];
const LONG: [job::Column; 9] = [
    job::Column::UserRequirement,
    job::Column::ErrorMessage,
    job::Column::Labels,
    job::Column::Mode,
    job::Column::Style,
    job::Column::ProjectTitle,
    job::Column::WorkingDir,
    job::Column::CurrentStage,
    job::Column::SourceStatus,
];

/// The columns of the view that may be long.
pub(super) fn long(view: View) -> Vec<job::Column> {
    let large = if view == View::Full { &LARGE[..] } else { &[] };
    large.iter().chain(&LONG).copied().collect()
}

/// The columns of the view; what a summary leaves out comes as null instead of being read.
pub(super) fn columns(view: View) -> Select<job::Entity> {
    match view {
        View::Full => job::Entity::find(),
        View::Summary | View::Preview => without(&LARGE),
    }
}

/// The columns of which none is long in a job that was created here.
pub(super) fn brief() -> Select<job::Entity> {
    let long = [job::Column::UserRequirement, job::Column::ErrorMessage, job::Column::Labels];
    without(&[&LARGE[..], &long].concat())
}

fn without(long: &[job::Column]) -> Select<job::Entity> {
    let mut query = job::Entity::find().select_only();
    for column in <job::Column as sea_orm::Iterable>::iter() {
        let is_long = long.iter().any(|long| name(*long) == name(column));
        query = if is_long { query.expr_as(Expr::cust("NULL"), name(column)) } else { query.column(column) };
    }
    query
}

fn name(column: job::Column) -> String {
    sea_orm::IdenStatic::as_str(&column).to_owned()
}
