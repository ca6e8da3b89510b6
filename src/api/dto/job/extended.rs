//! Jobs with further fields: a job with its shots, and a started job with its lease.

use super::Job;
use crate::{
    api::dto::{Shot, Time},
    jobs::Forecast,
};
use chrono::{DateTime, Utc};
use entity::job;
use poem_openapi::Object;
use serde::Serialize;

/// A job with its shots.
#[derive(Debug, Object, Serialize)]
pub struct JobWithShots {
    #[oai(flatten)]
    #[serde(flatten)]
    fields: Job,
    /// Shots of the job, in order.
    shots: Vec<Shot>,
    /// Position of the last shot of this response if the job has more: send it as `after` to
    /// `list_shots`. Null otherwise.
    shots_next_after: Option<i32>,
    /// Place of a due job in the line of its type, 1 for the next one; null if the job does not
    /// wait, is not due, or more than 1,000 jobs are before it.
    queue_position: Option<u32>,
    /// Time when the job is likely to start, by the durations of its type in the last week and the
    /// jobs that run now; null if that is unknown.
    estimated_start_at: Option<Time>,
    /// Time when the job is likely to end; null if that is unknown.
    estimated_end_at: Option<Time>,
    /// Time when the job went into the archive; only of a job that is there.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    archived_at: Option<Time>,
}

impl JobWithShots {
    pub fn new(
        job: job::Model,
        shots: Vec<Shot>,
        shots_next_after: Option<i32>,
        forecast: Forecast,
    ) -> Self {
        Self {
            fields: job.into(),
            shots,
            shots_next_after,
            queue_position: forecast.queue_position,
            estimated_start_at: forecast.start_at.map(Into::into),
            estimated_end_at: forecast.end_at.map(Into::into),
            archived_at: None,
        }
    }

    /// Returns a job that is in the archive.
    pub fn archived(job: job::Model, shots: Vec<Shot>, archived_at: DateTime<Utc>) -> Self {
        Self {
            archived_at: Some(archived_at.into()),
            ..Self::new(job, shots, None, Forecast::default())
        }
    }
}

/// A job that was started, and the token of its lease.
#[derive(Debug, Object, Serialize)]
pub struct StartedJob {
    #[oai(flatten)]
    #[serde(flatten)]
    fields: Job,
    /// Token of the lease, to send with every report; null if the request asked for no lease.
    lease_token: Option<String>,
}

impl StartedJob {
    pub fn new(job: job::Model, lease_token: Option<String>) -> Self {
        Self {
            fields: job.into(),
            lease_token,
        }
    }
}
