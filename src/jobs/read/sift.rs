//! Pages under a filter that no index covers completely, such as one with a text or a second label.
//! The server has to examine each job that the index leads to, and for a text without a match it
//! would examine all of them. A page therefore examines a limited number of jobs for a limited
//! time, and the next page continues where it stopped.

use crate::{
    db::{ActionScope, FoundKey, IndexScan, JobRows, View},
    error::{Error, Result},
    jobs::{JobManager, read::scan_steps::ScanSteps},
    lifecycle::{Counts, Cursor, KeyRange, MAX_COUNTED, Total},
};
use std::time::Duration;

/// Default maximum number of jobs that a page examines under a filter that no index covers
/// completely.
pub const MAX_SCANNED: u64 = 200_000;

/// Default maximum time for which a page examines jobs.
pub const SCAN_TIME: Duration = Duration::from_secs(5);
/// Factor on this time for a count, which cannot continue where it stopped.
const COUNT_TIME_FACTOR: u32 = 2;

/// Number of rows to skip before a page. With `Some`, the page has no limit of examined jobs.
pub(in crate::jobs) struct Skip(pub Option<u64>);

/// Rows and total of a page.
pub(in crate::jobs) struct ScannedPage {
    pub total: Total,
    pub rows: JobRows,
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
        let (mut found, mut part): (Vec<FoundKey>, _) = (Vec::new(), whole.clone());
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
                .db
                .keys_within(path, &part, wanted, view, walk.left())
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
        let total = if known_by_now && !path.filter().is_kept_count() {
            Total {
                jobs: matching,
                exact: upto.is_none(),
            }
        } else {
            self.total_by(path).await?
        };
        let rows = self.db.jobs_at(&found, limit, view).await?;
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
        self.db.nth_job(known, &range, step).await
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
            let counted = self.db.count_some_within(path, &part, walk.left()).await?;
            let Some(some) = counted else {
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

    /// Counts all jobs that match both a filter with a text and the scope, by status.
    ///
    /// Errors: `search_too_long`.
    pub(in crate::jobs) async fn sifted_counts(
        &self,
        path: &IndexScan,
        scope: &ActionScope,
    ) -> Result<Counts> {
        let known = path.known();
        let mut walk = ScanSteps::new(path.filter(), self.looked_for * COUNT_TIME_FACTOR);
        let (mut part, mut counts) = (KeyRange::default(), Counts::default());
        loop {
            let step = walk.begin(u64::MAX);
            part.upto = self.end_of_step(&known, &part, step).await?;
            let some = self
                .db
                .counts_by_status_within(path, &part, scope, walk.left())
                .await?
                .ok_or(Error::SearchTooLong)?;
            counts = counts.plus(&some);
            let time_left = walk.go_on();
            match part.upto.take() {
                None => return Ok(counts),
                Some(_) if !time_left => return Err(Error::SearchTooLong),
                upto => part.behind = upto,
            }
        }
    }
}
