//! Schedules to create, and changes of a schedule.

use super::{ScheduleKind, ScheduleMissed, ScheduleOverlap};
use crate::{
    api::dto::{NewJob, given},
    jobs,
};
use chrono::{DateTime, Utc};
use poem_openapi::{Object, types::MaybeUndefined};

/// A schedule to create.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct NewSchedule {
    /// Id of the schedule: 1 to 40 of the characters a-z, 0-9, `_`, `.` and `-`.
    #[oai(validator(min_length = 1, max_length = 40))]
    pub schedule_id: String,
    /// How `expr` names the times.
    pub kind: ScheduleKind,
    /// Cron expression, duration or time.
    #[oai(validator(min_length = 1, max_length = 255))]
    pub expr: String,
    /// Name of the time zone, such as `Europe/Berlin`; UTC by default.
    #[oai(validator(max_length = 64))]
    pub timezone: Option<String>,
    /// Job to create at each time, as the body of `create_job`, without `job_id` and `run_at`.
    pub template: NewJob,
    /// What happens when the last job has not ended; `skip` by default.
    pub overlap: Option<ScheduleOverlap>,
    /// What happens to times that passed while no server ran; `last` by default.
    pub missed: Option<ScheduleMissed>,
    /// How late a time may be to get a job with `missed: skip`, in seconds; 3600 by default.
    #[oai(validator(minimum(value = "0"), maximum(value = "31622400")))]
    pub window_seconds: Option<i32>,
    /// Maximum delay of each job, in seconds; the delays differ from time to time. 0 by default.
    #[oai(validator(minimum(value = "0"), maximum(value = "31622400")))]
    pub jitter_seconds: Option<i32>,
    /// Time before which the schedule does not fire.
    pub starts_at: Option<DateTime<Utc>>,
    /// Time after which the schedule does not fire.
    pub ends_at: Option<DateTime<Utc>>,
    /// Whether the schedule waits to be resumed; false by default.
    pub paused: Option<bool>,
}

impl From<NewSchedule> for jobs::NewSchedule {
    fn from(new: NewSchedule) -> Self {
        Self {
            id: new.schedule_id,
            kind: new.kind.into(),
            expr: new.expr,
            timezone: new.timezone,
            template: new.template.into(),
            overlap: new.overlap.map(Into::into),
            missed: new.missed.map(Into::into),
            window_seconds: new.window_seconds,
            jitter_seconds: new.jitter_seconds,
            starts_at: new.starts_at,
            ends_at: new.ends_at,
            paused: new.paused.unwrap_or_default(),
        }
    }
}

/// Fields of a schedule to change. A missing field keeps its value; null clears it.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct SchedulePatch {
    /// How `expr` names the times.
    pub kind: Option<ScheduleKind>,
    /// Cron expression, duration or time.
    #[oai(validator(min_length = 1, max_length = 255))]
    pub expr: Option<String>,
    /// Name of the time zone.
    #[oai(validator(max_length = 64))]
    pub timezone: Option<String>,
    /// Job to create at each time; it replaces the former template as a whole.
    pub template: Option<NewJob>,
    /// What happens when the last job has not ended.
    pub overlap: Option<ScheduleOverlap>,
    /// What happens to times that passed while no server ran.
    pub missed: Option<ScheduleMissed>,
    /// How late a time may be to get a job with `missed: skip`, in seconds.
    #[oai(validator(minimum(value = "0"), maximum(value = "31622400")))]
    pub window_seconds: Option<i32>,
    /// Maximum delay of each job, in seconds.
    #[oai(validator(minimum(value = "0"), maximum(value = "31622400")))]
    pub jitter_seconds: Option<i32>,
    /// Time before which the schedule does not fire.
    pub starts_at: MaybeUndefined<DateTime<Utc>>,
    /// Time after which the schedule does not fire.
    pub ends_at: MaybeUndefined<DateTime<Utc>>,
}

impl From<SchedulePatch> for jobs::SchedulePatch {
    fn from(patch: SchedulePatch) -> Self {
        Self {
            kind: patch.kind.map(Into::into),
            expr: patch.expr,
            timezone: patch.timezone,
            template: patch.template.map(Into::into),
            overlap: patch.overlap.map(Into::into),
            missed: patch.missed.map(Into::into),
            window_seconds: patch.window_seconds,
            jitter_seconds: patch.jitter_seconds,
            starts_at: given(patch.starts_at),
            ends_at: given(patch.ends_at),
        }
    }
}
