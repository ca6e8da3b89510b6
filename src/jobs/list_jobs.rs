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
    sea_query::{Expr, ExprTrait},
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
    /// Set when more follow.
    pub next: Option<Cursor>,
}

/// Rows that are walked over one by one before a page; of more the last is looked up first, by the index alone.
const SHALLOW: u64 = 200;

/// Rows of a page.
const LIMIT: std::ops::RangeInclusive<u64> = 1..=200;

impl JobManager {
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
        let (total, after) = match after {
            PageAfter::Offset(rows) if rows > SHALLOW => {
                let total = self.total(filter).await?;
                match self.row_before(filter, order, rows, total).await? {
                    Some(row) => (Some(total), PageAfter::Cursor(row)),
                    None => return Ok(Page { jobs: Vec::new(), frames: HashMap::new(), total, next: None }),
                }
            }
            after => (None, after),
        };
        let db = self.db.read();
        let page = page(db.get_database_backend(), filter, order, &after, limit + 1, view);
        let rows = async { Ok(db::jobs_of(db, page).await?) };
        let (total, rows) = match total {
            Some(total) => (total, rows.await?),
            // What is looked for is looked for once: a page that is not full has told how many there are.
            None if filter.q.is_some() => {
                let rows = rows.await?;
                let all = Total { jobs: rows.len() as u64, exact: true };
                let told = after == PageAfter::Offset(0) && all.jobs <= limit;
                (if told { all } else { self.total(filter).await? }, rows)
            }
            None => tokio::try_join!(self.total(filter), rows)?,
        };
        let (jobs, next) = super::cut(rows, limit, |job| Cursor { created_at: job.created_at, id: job.id.clone() });
        let frames = match view {
            View::Preview => self.newest_frames(&jobs).await?,
            View::Full | View::Summary => HashMap::new(),
        };
        Ok(Page { jobs, frames, total, next })
    }

    /// The last of so many rows; none when there are fewer. Walks over an index from whichever end is nearer, and over
    /// nothing where the count tells that there are not so many.
    async fn row_before(&self, filter: &Filter, order: Order, rows: u64, total: Total) -> Result<Option<Cursor>> {
        if total.exact && rows >= total.jobs {
            return Ok(None);
        }
        let (order, skipped) = match total.exact && rows > total.jobs / 2 {
            true => (order.reversed(), total.jobs - rows),
            false => (order, rows - 1),
        };
        let db = self.db.read();
        let [created_at, id] = filter.position();
        let all = job::Entity::find().select_only().expr(created_at).expr(id);
        let row = in_order(filter.of(all, db.get_database_backend()), filter, order).offset(skipped).limit(1);
        let row: Option<(DateTime<Utc>, String)> = row.into_tuple().one(db).await?;
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
    let query = in_order(filter.of(columns(view), backend).limit(limit), filter, order);
    match after {
        PageAfter::Offset(0) => query,
        PageAfter::Offset(n) => query.offset(*n),
        PageAfter::Cursor(cursor) => {
            let position = Expr::tuple(filter.position());
            let behind = Expr::tuple([Expr::val(cursor.created_at), Expr::val(cursor.id.clone())]);
            query.filter(match order {
                Order::NewestFirst => position.lt(behind),
                Order::OldestFirst => position.gt(behind),
            })
        }
    }
}

fn in_order(query: Select<job::Entity>, filter: &Filter, order: Order) -> Select<job::Entity> {
    let [created_at, id] = filter.position();
    match order {
        Order::NewestFirst => query.order_by_desc(created_at).order_by_desc(id),
        Order::OldestFirst => query.order_by_asc(created_at).order_by_asc(id),
    }
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
