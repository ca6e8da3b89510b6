//! list_jobs: pages of jobs under a filter, newest first, by offset or by keyset cursor.

use super::{Filter, JobManager, Total};
use crate::{
    db,
    error::{Error, FieldError, Result},
    lifecycle::Cursor,
};
use chrono::{DateTime, Utc};
use entity::job;
use sea_orm::{
    DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{BinOper, Expr},
};
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

/// Rows that are walked over one by one before a page; of more the last is looked up first, by the index alone.
const SHALLOW: u64 = 200;

/// Rows of a page.
const LIMIT: std::ops::RangeInclusive<u64> = 1..=200;

impl JobManager {
    /// A page may hold less than it has room for, though more follow, when the filter looks for a mode or a text and the
    /// page is not asked for by offset: see [`super::LOOKED_AT`].
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
        let _turn = self.turn(filter).await;
        let (total, rows, upto) = match (filter.known(), after) {
            (Some(known), after @ (PageAfter::Start | PageAfter::Cursor(_))) => {
                self.sifted(filter, &known, order, after, limit, view).await?
            }
            (_, PageAfter::Offset(rows)) if rows > SHALLOW => {
                let total = self.total(filter).await?;
                let rows = match self.row_before(filter, order, rows, total).await? {
                    Some(row) => self.rows(filter, order, &PageAfter::Cursor(row), limit, view).await?,
                    None => Vec::new(),
                };
                (total, rows, None)
            }
            (_, after) => {
                let (total, rows) =
                    tokio::try_join!(self.total(filter), self.rows(filter, order, &after, limit, view))?;
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
        filter: &Filter,
        order: Order,
        after: &PageAfter,
        limit: u64,
        view: View,
    ) -> Result<Vec<job::Model>> {
        let db = self.db.read();
        Ok(db::jobs_of(db, page(db.get_database_backend(), filter, order, after, limit + 1, view)).await?)
    }

    /// The last of so many rows; none when there are fewer. Walks over an index from whichever end is nearer, and over
    /// nothing where the count tells that there are not so many.
    async fn row_before(&self, filter: &Filter, order: Order, rows: u64, total: Total) -> Result<Option<Cursor>> {
        if total.exact && rows >= total.jobs {
            return Ok(None);
        }
        let (order, nth) = match total.exact && rows > total.jobs / 2 {
            true => (order.reversed(), total.jobs - rows + 1),
            false => (order, rows),
        };
        self.nth_row(filter, order, &PageAfter::Start, nth).await
    }

    /// The row that is the nth behind this place, counted from 1; none when there are fewer.
    pub(super) async fn nth_row(
        &self,
        filter: &Filter,
        order: Order,
        after: &PageAfter,
        nth: u64,
    ) -> Result<Option<Cursor>> {
        let db = self.db.read();
        let [created_at, id] = filter.position();
        let all = job::Entity::find().select_only().expr(created_at).expr(id);
        let all = in_order(filter.of(all, db.get_database_backend()), filter, order, after);
        let row: Option<(DateTime<Utc>, String)> = all.offset(nth - 1).limit(1).into_tuple().one(db).await?;
        Ok(row.map(|(created_at, id)| Cursor { created_at, id }))
    }
}

/// The query of a page. Public so that its plan can be looked at.
pub fn page(
    backend: DbBackend,
    filter: &Filter,
    order: Order,
    after: &PageAfter,
    limit: u64,
    view: View,
) -> Select<job::Entity> {
    in_order(filter.of(columns(view), backend).limit(limit), filter, order, after)
}

fn in_order(query: Select<job::Entity>, filter: &Filter, order: Order, after: &PageAfter) -> Select<job::Entity> {
    let [created_at, id] = filter.position();
    let query = match order {
        Order::NewestFirst => query.order_by_desc(created_at).order_by_desc(id),
        Order::OldestFirst => query.order_by_asc(created_at).order_by_asc(id),
    };
    match after {
        PageAfter::Start | PageAfter::Offset(0) => query,
        PageAfter::Offset(n) => query.offset(*n),
        PageAfter::Cursor(cursor) => query.filter(match order {
            Order::NewestFirst => filter.compared(cursor, BinOper::SmallerThan),
            Order::OldestFirst => filter.compared(cursor, BinOper::GreaterThan),
        }),
    }
}

/// The rows of the query up to this one.
pub fn up_to(query: Select<job::Entity>, filter: &Filter, order: Order, last: &Cursor) -> Select<job::Entity> {
    query.filter(match order {
        Order::NewestFirst => filter.compared(last, BinOper::GreaterThanOrEqual),
        Order::OldestFirst => filter.compared(last, BinOper::SmallerThanOrEqual),
    })
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
