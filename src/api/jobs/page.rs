//! Pages of jobs: what a request asks for, and the rows that fit.

use crate::{
    api::{
        dto::ListedJob,
        list_cache::ListKey,
        paging::{self, wrong},
        problem::Problem,
        rows::Rows,
    },
    jobs::{self, JobManager, PageAfter, Total},
    lifecycle::Cursor,
};
use poem::Result;
use poem_openapi::Enum;

/// Sort order of a list.
#[derive(Debug, Clone, Copy, Enum)]
pub enum Order {
    /// Newest jobs first.
    #[oai(rename = "-created_at")]
    NewestFirst,
    /// Oldest jobs first.
    #[oai(rename = "created_at")]
    OldestFirst,
}

/// Amount of detail that a list shows of each job.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
pub enum View {
    Full,
    Summary,
    Preview,
}

/// Returns the sort order; newest first by default.
pub fn order(given: Option<Order>) -> jobs::Order {
    match given {
        Some(Order::OldestFirst) => jobs::Order::OldestFirst,
        _ => jobs::Order::NewestFirst,
    }
}

/// Returns the view; the full one by default.
pub fn view(given: Option<View>) -> jobs::View {
    match given {
        Some(View::Summary) => jobs::View::Summary,
        Some(View::Preview) => jobs::View::Preview,
        _ => jobs::View::Full,
    }
}

/// Writes as many jobs of a page as fit, and returns the total number of matching jobs and the
/// cursor of the next page.
pub async fn write_page(
    service: &JobManager,
    rows: &mut Rows,
    asked: &ListKey,
) -> Result<(Total, Option<Cursor>)> {
    let ListKey {
        filter,
        order,
        view,
        limit,
        ..
    } = asked;
    let (mut after, mut total, mut last) = (asked.after.clone(), None, None);
    loop {
        let page = service
            .list_jobs(filter, *order, after, limit - rows.count(), *view)
            .await?;
        let total = *total.get_or_insert(page.total);
        let mut previews = page.previews;
        for job in page.jobs {
            let (place, preview) = (
                Cursor {
                    created_at: job.created_at,
                    id: job.id.clone(),
                },
                previews.remove(&job.id).unwrap_or_default(),
            );
            let job = ListedJob::new(job, *view).with_preview(preview);
            let row = serde_json::to_string(&job)
                .map_err(|error| Problem::internal(&error.to_string()))?;
            if !rows.push(&row)? {
                return Ok((total, last));
            }
            last = Some(place);
        }
        match page.next {
            Some(next) if page.cut && rows.count() < *limit => after = PageAfter::Cursor(next),
            next => return Ok((total, next)),
        }
    }
}

/// Returns where the page begins.
pub fn page_after(offset: Option<u64>, cursor: Option<String>) -> Result<PageAfter> {
    match paging::cursor(cursor)? {
        Some(cursor) => Ok(PageAfter::Cursor(cursor)),
        // Both databases count rows in signed 64-bit integers.
        None => match offset {
            None => Ok(PageAfter::Start),
            Some(offset) if offset <= i64::MAX as u64 => Ok(PageAfter::Offset(offset)),
            Some(_) => Err(wrong(
                "offset",
                "out_of_range",
                "Use an offset of at most 9223372036854775807.",
            )),
        },
    }
}
