//! get_stats: current counts, waiting jobs, and the events of the last hour, day or week.
//!
//! A background loop rolls up events into time buckets; a call adds those that are not rolled up
//! yet. One snapshot reads both, so that each event counts once.

mod causes;
mod next_jobs;
mod roll_up;

pub use causes::{Cause, FailedJob};

use crate::{
    db::{QueueBacklog, WorkerNumbers},
    error::{Error, FieldError, Result},
    jobs::{Counts, JobManager, validate, workers::list_workers::STALE_AFTER},
    lifecycle::{BucketSize, Tally},
};
use chrono::{DateTime, Utc};
use entity::{job, queue};

pub struct Stats {
    pub as_of: DateTime<Utc>,
    /// Counts by status of each type.
    pub by_type: Vec<(String, Counts)>,
    /// Settings of the job types.
    pub queues: Vec<queue::Model>,
    pub waiting: QueueBacklog,
    pub workers: WorkerNumbers,
    /// Time buckets, oldest first; the last one is not over yet.
    pub spans: Vec<(DateTime<Utc>, Tally)>,
    /// Jobs that failed with no further attempt since midnight (UTC).
    pub failures_today: i64,
    /// Queued jobs that claims return next, if requested.
    pub next: Option<Vec<job::Model>>,
    /// Causes of failures, if requested.
    pub causes: Option<Vec<Cause>>,
}

/// Optional parts of the statistics.
#[derive(Clone, Copy, Debug, Default)]
pub struct StatsDetail {
    /// Number of jobs to list that claims return next, without paused types; 1 to 50.
    pub next: Option<u64>,
    /// Number of failures to group by cause, the newest; 1 to 200.
    pub failures: Option<u64>,
}

impl JobManager {
    /// Returns statistics of all jobs, or of the jobs of one type. The numbers of workers always
    /// include all types.
    ///
    /// Errors: `invalid_request`.
    pub async fn get_stats(
        &self,
        unit: BucketSize,
        job_type: Option<&str>,
        detail: StatsDetail,
    ) -> Result<Stats> {
        detail.check()?;
        if let Some(job_type) = job_type {
            validate::no_nul_parameter("job_type", job_type)?;
        }
        self.check_stats(job_type)?;
        let now = self.now();
        let mut by_type = self.counts_by_type().await?;
        by_type.retain(|(of, _)| job_type.is_none_or(|wanted| of == wanted));
        let mut queues = self.db.all_queues().await?;
        queues.retain(|queue| job_type.is_none_or(|wanted| queue.job_type == wanted));
        let waiting = self.db.backlog(job_type, now).await?;
        let workers = self.db.worker_numbers(now, now - STALE_AFTER).await?;
        let next = match detail.next {
            Some(limit) => Some(
                self.next_jobs(job_type, &by_type, &queues, now, limit)
                    .await?,
            ),
            None => None,
        };
        let causes = match detail.failures {
            Some(of_jobs) => Some(self.causes(job_type, of_jobs).await?),
            None => None,
        };
        let midnight = now.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
        let buckets = self.db.buckets(job_type).await?;
        let starts: Vec<_> = unit.starts(now).collect();
        let from = starts.first().copied().unwrap_or(now);
        let spans = buckets.since(unit, from).await?;
        let of_day = buckets.since(BucketSize::Hour, midnight).await?;
        buckets.end().await?;
        let of_span = |start: DateTime<Utc>| {
            let mut sum = Tally::default();
            spans
                .iter()
                .filter(|((_, at, _), _)| *at == start)
                .for_each(|(_, tally)| sum.merge(tally));
            (start, sum)
        };
        let spans = starts.into_iter().map(of_span).collect();
        let failures_today = of_day.values().map(|tally| tally.failed).sum();
        Ok(Stats {
            as_of: now,
            by_type,
            queues,
            waiting,
            workers,
            spans,
            failures_today,
            next,
            causes,
        })
    }
}

impl JobManager {
    /// Refuses statistics that would tell a bound caller of jobs that are not there for it.
    ///
    /// Errors: `key_bound`.
    fn check_stats(&self, job_type: Option<&str>) -> Result<()> {
        let Some(binding) = self.binding() else {
            return Ok(());
        };
        if binding.labels.is_empty() && job_type.is_some_and(|one| binding.holds_type(one)) {
            return Ok(());
        }
        Err(Error::KeyBound(
            "Statistics are kept by type, not by label: a key that is bound to types gets those of \
            each of them with job_type, and a key that is bound to labels counts its jobs with \
            GET /api/v1/jobs/counts.",
        ))
    }
}

impl StatsDetail {
    fn check(self) -> Result<()> {
        for (name, given, most) in [("next", self.next, 50), ("failures", self.failures, 200)] {
            if given.is_some_and(|given| !(1..=most).contains(&given)) {
                let detail = format!("Use a number from 1 to {most}.");
                return Err(Error::invalid(FieldError::parameter(
                    name,
                    "out_of_range",
                    detail,
                )));
            }
        }
        Ok(())
    }
}
