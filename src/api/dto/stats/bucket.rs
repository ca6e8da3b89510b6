//! Buckets of the statistics.

use crate::{
    api::dto::{Time, same::same},
    lifecycle::{BucketSize, Tally},
};
use chrono::{DateTime, Utc};
use poem_openapi::{Enum, Object};

/// Length of a bucket of the statistics.
#[derive(Clone, Copy, Debug, Enum)]
#[oai(rename_all = "snake_case")]
pub enum Bucket {
    /// One minute; the statistics cover the last hour.
    Minute,
    /// 15 minutes; the statistics cover the last day.
    QuarterHour,
    /// One hour; the statistics cover the last week.
    Hour,
}

same!(Bucket => BucketSize {
    Minute,
    QuarterHour,
    Hour,
});

/// Activity in one bucket of time. Percentiles are in seconds, within 2 %, and null if nothing was
/// measured.
#[derive(Debug, Object)]
pub struct StatsBucket {
    /// Begin of the bucket.
    pub start: Time,
    /// Jobs that were created.
    pub created: i64,
    /// Jobs that were started.
    pub started: i64,
    /// Jobs that were completed.
    pub completed: i64,
    /// Jobs that ended as failed; failed attempts that the server retries do not count.
    pub failed: i64,
    /// Jobs that were cancelled.
    pub cancelled: i64,
    /// Jobs put back in the queue: after a failed attempt, after their worker was lost, or on
    /// request.
    pub retried: i64,
    /// Median wait of the jobs that started: seconds from becoming due until the start.
    pub wait_p50: Option<f64>,
    /// 95th percentile of the wait, in seconds.
    pub wait_p95: Option<f64>,
    /// Median run time, in seconds, of the jobs that completed or failed.
    pub run_p50: Option<f64>,
    /// 95th percentile of the run time, in seconds.
    pub run_p95: Option<f64>,
}

impl From<(DateTime<Utc>, Tally)> for StatsBucket {
    fn from((start, tally): (DateTime<Utc>, Tally)) -> Self {
        Self {
            start: start.into(),
            created: tally.created,
            started: tally.started,
            completed: tally.completed,
            failed: tally.failed,
            cancelled: tally.cancelled,
            retried: tally.retried,
            wait_p50: tally.waits.percentile(0.5),
            wait_p95: tally.waits.percentile(0.95),
            run_p50: tally.runs.percentile(0.5),
            run_p95: tally.runs.percentile(0.95),
        }
    }
}
