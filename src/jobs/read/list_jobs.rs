//! list_jobs: pages of jobs under a filter, in either order of creation, by offset or by keyset
//! cursor.

use crate::{
    db::{IndexScan, JobFiles, JobRows, View},
    error::{Error, FieldError, Result},
    jobs::{
        JobManager,
        read::sift::{ScannedPage, Skip},
    },
    lifecycle::{Cursor, Filter, KeyRange, Order, Total},
};
use entity::job;
use std::collections::HashMap;

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

pub struct Page {
    pub jobs: Vec<job::Model>,
    /// Files that show something of a job, by job id; empty unless the view is a preview.
    pub previews: HashMap<String, JobFiles>,
    /// Number of jobs that match the filter, on all pages.
    pub total: Total,
    /// Cursor of the next page, set if more jobs follow or may follow: see
    /// [`crate::jobs::MAX_SCANNED`].
    pub next: Option<Cursor>,
    /// True if the page ended early because its rows are large; the missing rows begin at `next`.
    pub cut: bool,
}

impl Page {
    fn empty() -> Self {
        Self {
            jobs: Vec::new(),
            previews: HashMap::new(),
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
        let Some(path) = self.db.choose_index(filter).await? else {
            return Ok(Page::empty());
        };
        let ScannedPage { total, rows, upto } =
            self.found(&path, order, after, limit, view).await?;
        let JobRows { jobs, next, cut } = rows;
        let previews = match view {
            View::Preview => self.previews(&jobs).await?,
            View::Full | View::Summary => HashMap::new(),
        };
        Ok(Page {
            jobs,
            previews,
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
            PageAfter::Offset(rows) if path.filter().searches_text() => {
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
                    None => JobRows::default(),
                    behind => {
                        let part = KeyRange { behind, ..whole };
                        self.db.page_of(path, &part, 0, limit, view).await?
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
        let rows = self.db.page_of(path, &part, offset, limit, view);
        let (total, rows) = tokio::try_join!(self.total_by(path), rows)?;
        Ok(ScannedPage {
            total,
            rows,
            upto: None,
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
        let (order, nth) = if total.exact && rows > total.jobs / 2 {
            (order.reversed(), total.jobs - rows + 1)
        } else {
            (order, rows)
        };
        let whole = KeyRange {
            order,
            ..KeyRange::default()
        };
        self.db.nth_job(path, &whole, nth).await
    }
}
