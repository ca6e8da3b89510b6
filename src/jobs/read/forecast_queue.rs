//! forecast_queue: when the queue of a type is likely to be empty.

use crate::{
    error::Result,
    jobs::{
        JobManager,
        read::forecast::{Durations, MAX_RUNNING, end, nth_start},
    },
};
use chrono::{DateTime, TimeDelta, Utc};

/// What is likely to become of a queue; `None` where that is unknown: while the queue is paused,
/// when none of its jobs runs, or when none ended in the last week.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueueForecast {
    pub job_type: String,
    pub paused: bool,
    /// Queued jobs that are due.
    pub waiting: u64,
    /// Queued jobs that are not due yet; they do not count for the times.
    pub scheduled: u64,
    /// Running jobs: that many work on the queue.
    pub running: u64,
    pub durations: Option<Durations>,
    /// Time when the last of the jobs ends if each takes the median duration.
    pub empty_at: Option<DateTime<Utc>>,
    /// Time when it ends if each takes as long as the slowest of twenty.
    pub empty_at_latest: Option<DateTime<Utc>>,
    /// As `empty_at`, if one more worker began now.
    pub empty_at_with_one_more: Option<DateTime<Utc>>,
}

impl JobManager {
    /// Returns when the queue of a type is likely to be empty, by the durations of its jobs in the
    /// last week and the number that runs now.
    ///
    /// Errors: `invalid_request`.
    pub async fn forecast_queue(&self, job_type: &str) -> Result<QueueForecast> {
        let queue = self.get_queue(job_type).await?;
        let now = self.now();
        let scheduled = self.db.backlog(Some(job_type), now).await?.scheduled;
        let mut forecast = QueueForecast {
            job_type: job_type.to_owned(),
            paused: queue.paused,
            waiting: queue.queued.saturating_sub(scheduled),
            scheduled,
            running: queue.processing,
            durations: self.durations(job_type).await?,
            ..QueueForecast::default()
        };
        let Some(durations) = forecast.durations.filter(|_| !queue.paused) else {
            return Ok(forecast);
        };
        let running = self.db.running_jobs(job_type, MAX_RUNNING).await?;
        // A job that has run for longer than most may end at any moment.
        let free: Vec<_> = running
            .iter()
            .map(|job| end(job, durations, now).unwrap_or(now))
            .collect();
        let more: Vec<_> = free.iter().copied().chain([now]).collect();
        let empty = |free: Vec<_>, each| last_end(free, forecast.waiting, each);
        forecast.empty_at = empty(free.clone(), durations.median);
        forecast.empty_at_latest = empty(free.clone(), durations.long);
        if !free.is_empty() {
            forecast.empty_at_with_one_more = empty(more, durations.median);
        }
        Ok(forecast)
    }
}

/// Returns when the last of `waiting` jobs ends that take `each` and are taken as places become
/// free; without waiting jobs, when the last place becomes free. `None` without places, or beyond
/// the times that exist.
fn last_end(free: Vec<DateTime<Utc>>, waiting: u64, each: TimeDelta) -> Option<DateTime<Utc>> {
    let busy_until = free.iter().max().copied()?;
    if waiting == 0 {
        return Some(busy_until);
    }
    // Each round gives every place one job; only the last round is followed place by place.
    let places = free.len() as u64;
    let rounds = i32::try_from((waiting - 1) / places).ok()?;
    let place = u32::try_from((waiting - 1) % places + 1).ok()?;
    let before = each.checked_mul(rounds)?;
    let start = nth_start(free, place, each)?.checked_add_signed(before)?;
    start
        .checked_add_signed(each)
        .map(|last| last.max(busy_until))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_job_ends_after_as_many_rounds_as_there_are() {
        let at = |seconds| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
        let last = |waiting| last_end(vec![at(10), at(30)], waiting, TimeDelta::seconds(60));
        let ends: Vec<_> = (0..=5).map(|n| last(n).unwrap()).collect();
        assert_eq!(ends, [30, 70, 90, 130, 150, 190].map(at));
        assert_eq!(last_end(Vec::new(), 1, TimeDelta::seconds(1)), None);
        assert_eq!(last(u64::MAX), None, "beyond all times");
    }
}
