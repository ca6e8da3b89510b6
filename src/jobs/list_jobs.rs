//! list_jobs: pages of jobs under a filter, newest first, by offset or by keyset cursor.

use super::{AccessPath, Filter, JobManager, Stretch, Total};
use crate::{
    db,
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
}

impl Page {
    fn empty() -> Self {
        Self { jobs: Vec::new(), frames: HashMap::new(), total: Total { jobs: 0, exact: true }, next: None }
    }
}

/// Rows that are walked over one by one before a page; of more the last is looked up first, by the index alone.
const SHALLOW: u64 = 200;

/// Rows of a page.
const LIMIT: std::ops::RangeInclusive<u64> = 1..=200;

impl JobManager {
    /// A page may hold less than it has room for, though more follow, when the filter names more than an index
    /// knows and the page is not asked for by offset: see [`super::LOOKED_AT`].
    ///
    /// Errors: `invalid_request`.
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
        let (total, rows, upto) = match after {
            PageAfter::Start | PageAfter::Cursor(_) if path.sifts() => {
                let behind = if let PageAfter::Cursor(row) = after { Some(row) } else { None };
                self.sifted(&path, Stretch { order, behind, upto: None }, limit, view).await?
            }
            PageAfter::Offset(rows) if rows > SHALLOW => {
                let total = self.total_by(&path).await?;
                let rows = match self.row_before(&path, order, rows, total).await? {
                    None => Vec::new(),
                    behind => self.rows(&path, &Stretch { order, behind, upto: None }, 0, limit, view).await?,
                };
                (total, rows, None)
            }
            after => {
                let (behind, offset) = match after {
                    PageAfter::Start => (None, 0),
                    PageAfter::Cursor(row) => (Some(row), 0),
                    PageAfter::Offset(rows) => (None, rows),
                };
                let part = Stretch { order, behind, upto: None };
                let rows = self.rows(&path, &part, offset, limit, view);
                let (total, rows) = tokio::try_join!(self.total_by(&path), rows)?;
                (total, rows, None)
            }
        };
        let (jobs, next) = super::cut(rows, limit, |job| Cursor { created_at: job.created_at, id: job.id.clone() });
        let frames = match view {
            View::Preview => self.newest_frames(&jobs).await?,
            View::Full | View::Summary => HashMap::new(),
        };
        Ok(Page { jobs, frames, total, next: next.or(upto) })
    }

    /// One more than the limit, when there are more.
    async fn rows(
        &self,
        path: &AccessPath,
        part: &Stretch,
        offset: u64,
        limit: u64,
        view: View,
    ) -> Result<Vec<job::Model>> {
        let db = self.db.read();
        let page = page(db.get_database_backend(), path, part, view);
        Ok(db::page_of_jobs(db, page, offset, limit + 1).await?)
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

/// The columns of the view; what a summary leaves out comes as null instead of being read.
pub(super) fn columns(view: View) -> Select<job::Entity> {
    use job::Column as C;
    if view == View::Full {
        return job::Entity::find();
    }
    let large = |c: &C| matches!(c, C::Content | C::RequestData | C::Context | C::ResultData);
    let mut query = job::Entity::find().select_only();
    for column in <C as sea_orm::Iterable>::iter() {
        query = if large(&column) { query.expr_as(Expr::cust("NULL"), name(column)) } else { query.column(column) };
    }
    query
}

fn name(column: job::Column) -> String {
    sea_orm::IdenStatic::as_str(&column).to_owned()
}
