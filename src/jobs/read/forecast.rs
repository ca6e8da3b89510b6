//! forecast: place of a waiting job in its line, and when a job is likely to start and to end.

use crate::{
    db::write::{place_in_line, queues},
    error::Result,
    jobs::JobManager,
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::{JobStatus, job};
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Greatest place in line that is counted.
const MAX_PLACE: u32 = 1_000;

/// Time whose durations count.
const LOOK_BACK: TimeDelta = TimeDelta::days(7);

/// Time for which the durations of a type are remembered.
const REMEMBER_FOR: Duration = Duration::from_secs(10);

/// Maximum number of types whose durations are remembered, and of running jobs that count.
const MAX_TYPES: usize = 1_000;
pub(super) const MAX_RUNNING: u64 = 1_000;

/// What is likely to become of a job; `None` where that is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Forecast {
    /// Place of a due job among the due jobs of its type, from 1.
    pub queue_position: Option<u32>,
    pub start_at: Option<DateTime<Utc>>,
    pub end_at: Option<DateTime<Utc>>,
}

/// Durations of the attempts of a type that ended: the median, and the one that 95 % do not exceed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Durations {
    pub median: TimeDelta,
    pub long: TimeDelta,
}

/// Durations by type, each with the monotonic time when it was read.
pub type RememberedDurations = Arc<Mutex<HashMap<String, (Duration, Option<Durations>)>>>;

impl JobManager {
    /// Returns the place in line of a waiting job, and the times when a job is likely to start and
    /// to end, by the durations of its type in the last week.
    pub async fn forecast(&self, job: &job::Model) -> Result<Forecast> {
        match job.status {
            // The creator of the job starts it, at a time that the server cannot know.
            JobStatus::Queued if job.holds > 0 => Ok(Forecast::default()),
            JobStatus::Queued => self.forecast_start(job).await,
            JobStatus::Processing => {
                let durations = self.durations(&job.job_type).await?;
                Ok(Forecast {
                    end_at: durations.and_then(|durations| end(job, durations, self.now())),
                    ..Forecast::default()
                })
            }
            _ => Ok(Forecast::default()),
        }
    }

    async fn forecast_start(&self, job: &job::Model) -> Result<Forecast> {
        let (db, now) = (self.db.read(), self.now());
        let due_at = job.run_at.filter(|run_at| *run_at > now);
        let place = place_in_line(db, job, due_at.unwrap_or(now), MAX_PLACE).await?;
        let mut forecast = Forecast {
            queue_position: place.filter(|_| due_at.is_none()),
            ..Forecast::default()
        };
        let set = queues(db, std::slice::from_ref(&job.job_type)).await?;
        let Some(place) = place.filter(|_| !set.iter().any(|queue| queue.paused)) else {
            return Ok(forecast);
        };
        let Some(durations) = self.durations(&job.job_type).await? else {
            return Ok(forecast);
        };
        let running = self.db.running_jobs(&job.job_type, MAX_RUNNING).await?;
        let free: Option<Vec<_>> = running.iter().map(|job| end(job, durations, now)).collect();
        // Without a running job nobody knows how many workers there are.
        let start = free.and_then(|free| nth_start(free, place, durations.median));
        forecast.start_at = start.map(|start| start.max(due_at.unwrap_or(now)));
        forecast.end_at = forecast.start_at.map(|start| start + durations.median);
        Ok(forecast)
    }

    /// Returns the durations of the type; `None` if none of its jobs ended in the last week.
    pub(super) async fn durations(&self, job_type: &str) -> Result<Option<Durations>> {
        let at = self.clock.monotonic();
        let known = self.lock_durations().get(job_type).copied();
        if let Some((read, durations)) = known
            && at < read + REMEMBER_FOR
        {
            return Ok(durations);
        }
        let durations = self.read_durations(job_type).await?;
        let mut all = self.lock_durations();
        if all.len() >= MAX_TYPES {
            all.clear();
        }
        all.insert(job_type.to_owned(), (at, durations));
        Ok(durations)
    }

    async fn read_durations(&self, job_type: &str) -> Result<Option<Durations>> {
        let runs = self.db.durations(job_type, self.now() - LOOK_BACK).await?;
        let seconds = |share| {
            let seconds: f64 = runs.percentile(share)?;
            TimeDelta::try_milliseconds((seconds * 1000.0) as i64)
        };
        Ok(seconds(0.5)
            .zip(seconds(0.95))
            .map(|(median, long)| Durations { median, long }))
    }

    fn lock_durations(&self) -> MutexGuard<'_, HashMap<String, (Duration, Option<Durations>)>> {
        self.durations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns when a running job is likely to end: after the median duration, or after the long one if
/// it has run for longer than that. `None` if it has run for even longer.
pub(super) fn end(
    job: &job::Model,
    durations: Durations,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let began = job.status_since.or(job.started_at)?;
    [durations.median, durations.long]
        .into_iter()
        .map(|duration| began + duration)
        .find(|end| *end > now)
}

/// Returns when the job at a place in line starts, from 1: each place that becomes free takes the
/// next job, for the duration of each.
pub(super) fn nth_start(
    free: Vec<DateTime<Utc>>,
    place: u32,
    duration: TimeDelta,
) -> Option<DateTime<Utc>> {
    let mut free: BinaryHeap<_> = free.into_iter().map(Reverse).collect();
    for _ in 1..place {
        let Reverse(next) = free.pop()?;
        free.push(Reverse(next + duration));
    }
    free.pop().map(|Reverse(start)| start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_taken_one_after_the_other() {
        let at = |seconds| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
        let start = |place| nth_start(vec![at(10), at(30)], place, TimeDelta::seconds(60));
        let starts: Vec<_> = (1..=5).map(|place| start(place).unwrap()).collect();
        assert_eq!(starts, [10, 30, 70, 90, 130].map(at));
        assert_eq!(nth_start(Vec::new(), 1, TimeDelta::seconds(1)), None);
    }
}
