//! list_jobs: pages of jobs under a filter, newest first, by offset or by keyset cursor.

use super::{JobManager, Total, validate};
use crate::{
    db,
    error::{Error, FieldError, Result},
    lifecycle::Cursor,
};
use chrono::{DateTime, Datelike, SubsecRound, TimeDelta, Utc};
use entity::{JobStatus, job};
use sea_orm::{
    ColumnTrait, Condition, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait},
};
use std::collections::HashMap;

/// What the jobs of a list have in common. Given fields must all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    pub status: Option<JobStatus>,
    pub job_type: Option<String>,
    pub mode: Option<String>,
    pub series_id: Option<String>,
    pub episode_id: Option<String>,
    /// Labels, each of which the job must have.
    pub labels: Vec<(String, String)>,
    /// Created at this moment or later.
    pub created_after: Option<DateTime<Utc>>,
    /// Created before this moment.
    pub created_before: Option<DateTime<Utc>>,
    /// Text that stands in the title or the content.
    pub q: Option<String>,
}

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

/// Characters of a text to look for. SQLite takes patterns of 50,000 bytes at most.
const LONGEST_TEXT: usize = 1000;

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
        let total = async {
            match total {
                Some(total) => Ok(total),
                None => self.total(filter).await,
            }
        };
        let (total, rows) = tokio::try_join!(total, async { Ok(db::jobs_of(db, page).await?) })?;
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
        let all = job::Entity::find().select_only().columns([job::Column::CreatedAt, job::Column::Id]);
        let row = in_order(all.filter(filter.condition(db.get_database_backend())), order).offset(skipped).limit(1);
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
    let position = || Expr::tuple([Expr::col(job::Column::CreatedAt), Expr::col(job::Column::Id)]);
    let query = in_order(columns(view).filter(filter.condition(backend)).limit(limit), order);
    match after {
        PageAfter::Offset(0) => query,
        PageAfter::Offset(n) => query.offset(*n),
        PageAfter::Cursor(cursor) => {
            let behind = Expr::tuple([Expr::val(cursor.created_at), Expr::val(cursor.id.clone())]);
            query.filter(match order {
                Order::NewestFirst => position().lt(behind),
                Order::OldestFirst => position().gt(behind),
            })
        }
    }
}

fn in_order(query: Select<job::Entity>, order: Order) -> Select<job::Entity> {
    match order {
        Order::NewestFirst => query.order_by_desc(job::Column::CreatedAt).order_by_desc(job::Column::Id),
        Order::OldestFirst => query.order_by_asc(job::Column::CreatedAt).order_by_asc(job::Column::Id),
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

/// The first whole microsecond from this moment on: of the times that rows have, the same ones lie before it.
fn whole_micros(time: DateTime<Utc>) -> DateTime<Utc> {
    let cut = time.trunc_subsecs(6);
    if cut < time { cut + TimeDelta::microseconds(1) } else { cut }
}

fn name(column: job::Column) -> String {
    sea_orm::IdenStatic::as_str(&column).to_owned()
}

impl Filter {
    pub(super) fn check(&self) -> Result<()> {
        for (key, value) in &self.labels {
            if !validate::is_label_key(key) || value.contains('\0') {
                let detail = "Use label=KEY=VALUE, with 1 to 63 of the characters A-Z a-z 0-9 . _ / - as the key.";
                return Err(Error::invalid(FieldError::parameter("label", "invalid_label", detail)));
            }
        }
        let texts = [
            ("job_type", &self.job_type),
            ("mode", &self.mode),
            ("series_id", &self.series_id),
            ("episode_id", &self.episode_id),
            ("q", &self.q),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                validate::no_nul_parameter(name, text)?;
            }
        }
        if self.q.as_ref().is_some_and(|q| q.chars().count() > LONGEST_TEXT) {
            let detail = format!("Look for a text of at most {LONGEST_TEXT} characters.");
            return Err(Error::invalid(FieldError::parameter("q", "too_long", detail)));
        }
        for (name, time) in [("created_after", self.created_after), ("created_before", self.created_before)] {
            // SQLite compares times as text, which sorts years of four digits only.
            if time.is_some_and(|t| !(0..=9999).contains(&whole_micros(t).year())) {
                let detail = "Use a time of the years 0 to 9999.";
                return Err(Error::invalid(FieldError::parameter(name, "out_of_range", detail)));
            }
        }
        Ok(())
    }

    /// Names nothing that the counts which the database keeps cannot tell apart.
    pub(super) fn is_kept_count(&self) -> bool {
        let Self { status: _, job_type: _, mode, series_id, episode_id, labels, created_after, created_before, q } =
            self;
        mode.is_none()
            && series_id.is_none()
            && episode_id.is_none()
            && labels.is_empty()
            && created_after.is_none()
            && created_before.is_none()
            && q.is_none()
    }

    /// The rows that the filter lets through.
    pub(super) fn condition(&self, backend: DbBackend) -> Condition {
        use job::Column as C;
        let text = |column: C, value: &Option<String>| value.as_ref().map(|v| column.eq(v));
        let mut all = Condition::all()
            .add_option(self.status.map(|s| C::Status.eq(s)))
            .add_option(text(C::JobType, &self.job_type))
            .add_option(text(C::Mode, &self.mode))
            .add_option(text(C::SeriesId, &self.series_id))
            .add_option(text(C::EpisodeId, &self.episode_id))
            .add_option(self.created_after.map(|t| C::CreatedAt.gte(whole_micros(t))))
            .add_option(self.created_before.map(|t| C::CreatedAt.lt(whole_micros(t))));
        for (key, value) in &self.labels {
            all = all.add(db::has_label(backend, Expr::col(C::Labels), key, value));
        }
        if let Some(words) = &self.q {
            let there = |column: C| db::contains_text(backend, Expr::col(column), words);
            all = all.add(there(C::ProjectTitle).or(there(C::Content)));
        }
        all
    }
}
