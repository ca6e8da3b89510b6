//! Pages under a filter that no index covers completely, such as one with a text or a second label.
//! The server has to examine each job that the index leads to, and for a text without a match it
//! would examine all of them. A page therefore examines a limited number of jobs for a limited
//! time, and the next page continues where it stopped.

use crate::{
    db::{self, PART_BYTES, fitting},
    error::{Error, Result},
    jobs::{
        Counts, Filter, IndexScan, JobManager, KeyRange, MAX_COUNTED, Total, View,
        read::list_jobs::Rows,
    },
    lifecycle::Cursor,
};
use entity::{JobStatus, job};
use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryResult, QuerySelect, QueryTrait,
    sea_query::Query,
};
use std::time::Duration;
use tokio::time::Instant;

/// Default maximum number of jobs that a page examines under a filter that no index covers
/// completely.
pub const MAX_SCANNED: u64 = 200_000;

/// Default maximum time for which a page examines jobs.
pub const SCAN_TIME: Duration = Duration::from_secs(5);
/// Factor on this time for a count, which cannot continue where it stopped.
const COUNT_TIME_FACTOR: u32 = 2;

/// Number of jobs examined in the first step. If many jobs match, the page is full after it.
const FIRST_STEP: u64 = 1000;
/// Number of jobs examined in the first step of a text search.
const FIRST_TEXT_STEP: u64 = 200;

/// Maximum number of jobs examined in one step.
const MAX_STEP: u64 = 200_000;
/// Maximum number of jobs examined in one step of a text search, which may take long for each job.
const MAX_TEXT_STEP: u64 = 5000;

/// Duration below which a step is followed by a larger one.
const QUICK_STEP: Duration = Duration::from_millis(200);

/// Step size and deadline of a walk over jobs that are examined one by one.
struct ScanSteps {
    began: Instant,
    until: Instant,
    step: u64,
    most: u64,
}

impl ScanSteps {
    fn new(filter: &Filter, time: Duration) -> Self {
        let (step, most) = if filter.q.is_some() {
            (FIRST_TEXT_STEP, MAX_TEXT_STEP)
        } else {
            (FIRST_STEP, MAX_STEP)
        };
        let began = Instant::now();
        Self {
            began,
            until: began + time,
            step,
            most,
        }
    }

    /// Begins a step, and returns the number of jobs to examine.
    fn begin(&mut self, left: u64) -> u64 {
        self.began = Instant::now();
        self.step.min(left)
    }

    /// Ends a step, and adapts the size of the next one. Returns false if no time is left for it.
    fn go_on(&mut self) -> bool {
        let took = self.began.elapsed();
        if took < QUICK_STEP {
            self.step = (self.step * 5).min(self.most);
        } else if took > 4 * QUICK_STEP {
            self.step = (self.step / 4).max(1);
        }
        Instant::now() < self.until
    }

    fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

/// Number of rows to skip before a page. With `Some`, the page has no limit of examined jobs.
pub(in crate::jobs) struct Skip(pub Option<u64>);

/// Rows and total of a page.
pub(in crate::jobs) struct ScannedPage {
    pub total: Total,
    pub rows: Rows,
    /// Last examined job, if more jobs lie behind it.
    pub upto: Option<Cursor>,
}

impl JobManager {
    /// Sets the maximum number of jobs that a page examines under a filter that no index covers
    /// completely. Default: [`MAX_SCANNED`].
    pub fn looking_at(self, jobs: u64) -> Self {
        Self {
            looked_at: jobs,
            ..self
        }
    }

    /// Sets the maximum time for which a page examines jobs. Default: [`SCAN_TIME`].
    pub fn looking_for(self, time: Duration) -> Self {
        Self {
            looked_for: time,
            ..self
        }
    }

    /// Returns the rows of a page. With rows to skip, it may examine all jobs.
    ///
    /// Errors: `search_too_long`, when the time ran out and the next page would have no start.
    pub(in crate::jobs) async fn sifted(
        &self,
        path: &IndexScan,
        whole: KeyRange,
        Skip(skip): Skip,
        limit: u64,
        view: View,
    ) -> Result<ScannedPage> {
        let known = path.known();
        let mut walk = ScanSteps::new(path.filter(), self.looked_for);
        let (mut found, mut part) = (Vec::new(), whole.clone());
        let mut left = if skip.is_some() {
            u64::MAX
        } else {
            self.looked_at
        };
        let mut skipped = 0;
        let upto = loop {
            let step = walk.begin(left);
            left -= step;
            let here = part.behind.clone();
            part.upto = self.end_of_step(&known, &part, step).await?;
            let to_skip = skip.unwrap_or_default() - skipped;
            let wanted = to_skip.saturating_add(limit + 1 - found.len() as u64);
            let Some(mut some) = self
                .places_of(path, &part, wanted, view, walk.left())
                .await?
            else {
                break self.stopped_at(here, &whole, skip)?;
            };
            let over = to_skip.min(some.len() as u64);
            skipped += over;
            found.extend(some.drain(usize::try_from(over).unwrap_or(usize::MAX)..));
            let time_left = walk.go_on();
            match part.upto.take() {
                Some(upto) if found.len() as u64 > limit => break Some(upto),
                Some(upto) if left > 0 && time_left => part.behind = Some(upto),
                Some(upto) if left > 0 => break self.stopped_at(Some(upto), &whole, skip)?,
                upto => break upto,
            }
        };
        let matching = skipped + found.len() as u64;
        // A page from the start that is not full has counted its matches: no second walk is needed.
        let from_start = whole.behind.is_none() && found.len() as u64 <= limit;
        let known_by_now = from_start && (skip.is_none() || upto.is_none());
        let total = match known_by_now && !path.filter().is_kept_count() {
            true => Total {
                jobs: matching,
                exact: upto.is_none(),
            },
            false => self.total_by(path).await?,
        };
        let rows = self.rows_at(found, limit, view).await?;
        Ok(ScannedPage { total, rows, upto })
    }

    /// Returns the start of the next page after the time ran out. A page that has to skip rows
    /// cannot name one.
    fn stopped_at(
        &self,
        here: Option<Cursor>,
        whole: &KeyRange,
        skip: Option<u64>,
    ) -> Result<Option<Cursor>> {
        let moved = here.is_some() && here != whole.behind;
        if moved && skip.is_none() {
            Ok(here)
        } else {
            Err(Error::SearchTooLong)
        }
    }

    /// Returns the job at which a step of this many jobs ends, or `None` if the range ends before.
    async fn end_of_step(
        &self,
        known: &IndexScan,
        part: &KeyRange,
        step: u64,
    ) -> Result<Option<Cursor>> {
        let range = KeyRange {
            upto: None,
            ..part.clone()
        };
        self.nth(known, &range, step).await
    }

    /// Returns the matching jobs of the range, with their approximate sizes in bytes, or `None` if
    /// the query took longer than `most`.
    async fn places_of(
        &self,
        path: &IndexScan,
        part: &KeyRange,
        limit: u64,
        view: View,
        most: Duration,
    ) -> Result<Option<Vec<FoundKey>>> {
        let backend = self.db.read().get_database_backend();
        let query = job::Entity::find()
            .select_only()
            .column(job::Column::CreatedAt)
            .column(job::Column::Id)
            .expr_as(
                db::bytes_of(backend, &crate::jobs::read::list_jobs::long(view)),
                "bytes",
            );
        let query = path
            .in_order(query, backend, part)
            .limit(limit.min(i64::MAX.unsigned_abs()));
        let Some(rows) = self.db.within(most, query.build(backend)).await? else {
            return Ok(None);
        };
        let found = |row: &QueryResult| -> Result<FoundKey, DbErr> {
            let place = Cursor {
                created_at: row.try_get_by_index(0)?,
                id: row.try_get_by_index(1)?,
            };
            Ok(FoundKey {
                place,
                bytes: row.try_get_by_index::<i64>(2)?.unsigned_abs(),
            })
        };
        // A row whose position is unreadable must not fail the page.
        Ok(Some(
            rows.iter()
                .filter_map(|row| found(row).ok())
                .collect::<Vec<FoundKey>>(),
        ))
    }

    /// Loads the first of the jobs found: at most `limit`, fewer if they are large.
    async fn rows_at(&self, found: Vec<FoundKey>, limit: u64, view: View) -> Result<Rows> {
        let fit = fitting(found.iter().map(|found| found.bytes), PART_BYTES).min(limit);
        let ids = found
            .iter()
            .take(usize::try_from(fit).unwrap_or(usize::MAX))
            .map(|found| &found.place.id);
        let ids: Vec<&str> = ids.map(String::as_str).collect();
        let query = crate::jobs::read::list_jobs::columns(view)
            .filter(job::Column::Id.is_in(ids.iter().copied()));
        let mut jobs = if ids.is_empty() {
            Vec::new()
        } else {
            db::jobs_of(self.db.read(), query).await?
        };
        jobs.sort_by_key(|job| ids.iter().position(|id| *id == job.id));
        let last = found
            .get(ids.len().saturating_sub(1))
            .map(|found| found.place.clone());
        let more = found.len() > ids.len();
        Ok(Rows {
            jobs,
            next: last.filter(|_| more),
            cut: more && fit < limit,
        })
    }

    /// Counts the matches among the newest jobs, as many as a page may examine.
    pub(in crate::jobs) async fn sifted_total(&self, path: &IndexScan) -> Result<Total> {
        let known = path.known();
        let mut walk = ScanSteps::new(path.filter(), self.looked_for);
        let (mut part, mut left, mut jobs) = (KeyRange::default(), self.looked_at, 0);
        loop {
            let step = walk.begin(left);
            left -= step;
            part.upto = self.end_of_step(&known, &part, step).await?;
            let Some(some) = self.count_within(path, &part, walk.left()).await? else {
                return Ok(Total::of(jobs, false));
            };
            jobs += some;
            let time_left = walk.go_on();
            match part.upto.take() {
                Some(upto) if left > 0 && jobs <= MAX_COUNTED && time_left => {
                    part.behind = Some(upto)
                }
                upto => return Ok(Total::of(jobs, upto.is_none())),
            }
        }
    }

    /// Counts the matching jobs of the range, and stops at [`MAX_COUNTED`] + 1; `None` if the query
    /// took longer than `most`.
    async fn count_within(
        &self,
        path: &IndexScan,
        part: &KeyRange,
        most: Duration,
    ) -> Result<Option<u64>> {
        let backend = self.db.read().get_database_backend();
        let some = path.places(backend, part).limit(MAX_COUNTED + 1).to_owned();
        let count = Query::select()
            .expr(sea_orm::sea_query::ExprTrait::count(
                sea_orm::sea_query::Expr::col("id"),
            ))
            .from_subquery(some, "some")
            .to_owned();
        let Some(rows) = self.db.within(most, backend.build(&count)).await? else {
            return Ok(None);
        };
        let count = rows
            .first()
            .map(|row| row.try_get_by_index::<i64>(0))
            .transpose()?;
        Ok(Some(count.unwrap_or(0).unsigned_abs()))
    }

    /// Counts all jobs that match a filter with a text, by status.
    ///
    /// Errors: `search_too_long`.
    pub(in crate::jobs) async fn sifted_counts(
        &self,
        path: &IndexScan,
        also: &Condition,
    ) -> Result<Counts> {
        let (known, backend) = (path.known(), self.db.read().get_database_backend());
        let mut walk = ScanSteps::new(path.filter(), self.looked_for * COUNT_TIME_FACTOR);
        let (mut part, mut counts) = (KeyRange::default(), Counts::default());
        loop {
            let step = walk.begin(u64::MAX);
            part.upto = self.end_of_step(&known, &part, step).await?;
            let query = path
                .jobs(job::Entity::find().select_only(), backend, &part)
                .column(job::Column::Status)
                .column_as(job::Column::Id.count(), "jobs")
                .filter(also.clone())
                .group_by(job::Column::Status);
            let rows = self
                .db
                .within(walk.left(), query.build(backend))
                .await?
                .ok_or(Error::SearchTooLong)?;
            for row in rows {
                // A row with an unknown status counts as no job.
                if let (Ok(status), Ok(jobs)) = (
                    row.try_get_by_index::<JobStatus>(0),
                    row.try_get_by_index(1),
                ) {
                    counts.add(status, jobs);
                }
            }
            let time_left = walk.go_on();
            match part.upto.take() {
                None => return Ok(counts),
                Some(_) if !time_left => return Err(Error::SearchTooLong),
                upto => part.behind = upto,
            }
        }
    }
}

/// Position and approximate size in bytes of a job that matches the filter.
struct FoundKey {
    place: Cursor,
    bytes: u64,
}
