//! list_jobs: pages of jobs under a filter, in either order of creation, by offset or by keyset
//! cursor.

use crate::{
    db::{self, PART_BYTES},
    error::{Error, FieldError, Result},
    jobs::{
        Filter, IndexScan, JobManager, KeyRange, Total,
        read::sift::{ScannedPage, Skip},
    },
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

/// Start of a page.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PageAfter {
    /// First row; the client requests the pages behind it by cursor.
    Start,
    /// Row behind this number of rows. The cost grows with the offset.
    Offset(u64),
    /// Row behind the one that the `next_cursor` of the previous page names. The cost is the same
    /// at any depth.
    Cursor(Cursor),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum View {
    #[default]
    Full,
    /// All fields except content, request_data, context and result, which may be large.
    Summary,
    /// Summary with the newest frame of each job.
    Preview,
}

pub struct Page {
    pub jobs: Vec<job::Model>,
    /// Path of the newest frame by job id; empty unless the view is a preview.
    pub frames: HashMap<String, String>,
    /// Number of jobs that match the filter, on all pages.
    pub total: Total,
    /// Cursor of the next page, set if more jobs follow or may follow: see
    /// [`crate::jobs::MAX_SCANNED`].
    pub next: Option<Cursor>,
    /// True if the page ended early because its rows are large; the missing rows begin at `next`.
    pub cut: bool,
}

/// Rows of one page.
#[derive(Default)]
pub(in crate::jobs) struct Rows {
    pub jobs: Vec<job::Model>,
    /// Cursor of the next rows, if more follow.
    pub next: Option<Cursor>,
    pub cut: bool,
}

impl Page {
    fn empty() -> Self {
        Self {
            jobs: Vec::new(),
            frames: HashMap::new(),
            total: Total {
                jobs: 0,
                exact: true,
            },
            next: None,
            cut: false,
        }
    }
}

/// Maximum offset that the database skips row by row. For a larger one, the server first looks up
/// the last skipped row in the index alone.
const MAX_OFFSET_ROWS: u64 = 200;

/// Allowed number of rows per page.
const PAGE_LIMITS: std::ops::RangeInclusive<u64> = 1..=200;

impl JobManager {
    /// Lists one page of jobs. The page may hold fewer than `limit` jobs although more follow: if
    /// its rows are large, or if no index covers the whole filter and the page is not requested by
    /// offset, see [`crate::jobs::MAX_SCANNED`].
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
        if !PAGE_LIMITS.contains(&limit) {
            return Err(Error::invalid(FieldError::parameter(
                "limit",
                "out_of_range",
                "Use a limit from 1 to 200.",
            )));
        }
        if matches!(after, PageAfter::Offset(n) if i64::try_from(n).is_err()) {
            let detail =
                "The offset is too large: use at most 9223372036854775807, or better a cursor.";
            return Err(Error::invalid(FieldError::parameter(
                "offset",
                "out_of_range",
                detail,
            )));
        }
        let (this, asked) = (self.clone(), filter.clone());
        self.in_turn(filter, async move {
            this.page(&asked, order, after, limit, view).await
        })
        .await
    }

    async fn page(
        &self,
        filter: &Filter,
        order: Order,
        after: PageAfter,
        limit: u64,
        view: View,
    ) -> Result<Page> {
        let Some(path) = self.choose_index(filter).await? else {
            return Ok(Page::empty());
        };
        let ScannedPage { total, rows, upto } =
            self.found(&path, order, after, limit, view).await?;
        let Rows { jobs, next, cut } = rows;
        let frames = match view {
            View::Preview => self.newest_frames(&jobs).await?,
            View::Full | View::Summary => HashMap::new(),
        };
        Ok(Page {
            jobs,
            frames,
            total,
            next: next.or(upto),
            cut,
        })
    }

    async fn found(
        &self,
        path: &IndexScan,
        order: Order,
        after: PageAfter,
        limit: u64,
        view: View,
    ) -> Result<ScannedPage> {
        let whole = KeyRange {
            order,
            ..KeyRange::default()
        };
        let (part, offset) = match after {
            PageAfter::Offset(rows) if path.filter().q.is_some() => {
                return self
                    .sifted(path, whole, Skip(Some(rows)), limit, view)
                    .await;
            }
            PageAfter::Start | PageAfter::Cursor(_) if path.has_residual_filter() => {
                let behind = if let PageAfter::Cursor(row) = after {
                    Some(row)
                } else {
                    None
                };
                return self
                    .sifted(path, KeyRange { behind, ..whole }, Skip(None), limit, view)
                    .await;
            }
            PageAfter::Offset(rows) if rows > MAX_OFFSET_ROWS => {
                let total = self.total_by(path).await?;
                let rows = match self.row_before(path, order, rows, total).await? {
                    None => Rows::default(),
                    behind => {
                        self.rows(path, &KeyRange { behind, ..whole }, 0, limit, view)
                            .await?
                    }
                };
                return Ok(ScannedPage {
                    total,
                    rows,
                    upto: None,
                });
            }
            PageAfter::Offset(rows) => (whole, rows),
            PageAfter::Start => (whole, 0),
            PageAfter::Cursor(row) => (
                KeyRange {
                    behind: Some(row),
                    ..whole
                },
                0,
            ),
        };
        let rows = self.rows(path, &part, offset, limit, view);
        let (total, rows) = tokio::try_join!(self.total_by(path), rows)?;
        Ok(ScannedPage {
            total,
            rows,
            upto: None,
        })
    }

    /// Returns the next rows: at most `limit`, fewer if they are large.
    async fn rows(
        &self,
        path: &IndexScan,
        part: &KeyRange,
        offset: u64,
        limit: u64,
        view: View,
    ) -> Result<Rows> {
        let db = self.db.read();
        let backend = db.get_database_backend();
        let bytes = job::Entity::find()
            .select_only()
            .expr_as(db::bytes_of(backend, &long(view)), "bytes");
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
        // Fewer than `fit` rows come back only if none follow.
        let more = jobs.len() as u64 == fit && sizes.len() as u64 > fit;
        let next = jobs.last().filter(|_| more).map(place);
        Ok(Rows {
            jobs,
            next,
            cut: more && fit < limit,
        })
    }

    /// Returns the last of the first `rows` jobs, or `None` if there are fewer. Reads the index
    /// from the nearer end, and reads nothing if the count shows that there are fewer.
    async fn row_before(
        &self,
        path: &IndexScan,
        order: Order,
        rows: u64,
        total: Total,
    ) -> Result<Option<Cursor>> {
        if total.exact && rows >= total.jobs {
            return Ok(None);
        }
        let (order, nth) = match total.exact && rows > total.jobs / 2 {
            true => (order.reversed(), total.jobs - rows + 1),
            false => (order, rows),
        };
        self.nth(
            path,
            &KeyRange {
                order,
                ..KeyRange::default()
            },
            nth,
        )
        .await
    }

    /// Returns the nth job of the range, counted from 1, or `None` if there are fewer.
    pub(in crate::jobs) async fn nth(
        &self,
        path: &IndexScan,
        part: &KeyRange,
        nth: u64,
    ) -> Result<Option<Cursor>> {
        let db = self.db.read();
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

/// Columns that a summary leaves out.
const DOCUMENT_COLUMNS: [job::Column; 4] = [
    job::Column::Content,
    job::Column::RequestData,
    job::Column::Context,
    job::Column::ResultData,
];
/// Other columns that may hold long values.
const LARGE_COLUMNS: [job::Column; 9] = [
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

/// Returns the columns of the view that may hold long values.
pub(in crate::jobs) fn long(view: View) -> Vec<job::Column> {
    let large = if view == View::Full {
        &DOCUMENT_COLUMNS[..]
    } else {
        &[]
    };
    large.iter().chain(&LARGE_COLUMNS).copied().collect()
}

/// Selects the columns of the view. Those that a summary leaves out are returned as null without
/// being read.
pub(in crate::jobs) fn columns(view: View) -> Select<job::Entity> {
    match view {
        View::Full => job::Entity::find(),
        View::Summary | View::Preview => without(&DOCUMENT_COLUMNS),
    }
}

/// Selects the columns that are short in every job created by this service.
pub(in crate::jobs) fn brief() -> Select<job::Entity> {
    let long = [
        job::Column::UserRequirement,
        job::Column::ErrorMessage,
        job::Column::Labels,
    ];
    without(&[&DOCUMENT_COLUMNS[..], &long].concat())
}

fn without(long: &[job::Column]) -> Select<job::Entity> {
    let mut query = job::Entity::find().select_only();
    for column in <job::Column as sea_orm::Iterable>::iter() {
        let is_long = long.iter().any(|long| name(*long) == name(column));
        query = if is_long {
            query.expr_as(Expr::cust("NULL"), name(column))
        } else {
            query.column(column)
        };
    }
    query
}

fn name(column: job::Column) -> String {
    sea_orm::IdenStatic::as_str(&column).to_owned()
}
