//! Schedules in requests and responses.

use super::{NewJob, Object, Time, given, object};
use crate::jobs::{self, JobManager};
use chrono::{DateTime, Utc};
use entity::schedule;
use poem_openapi::{Enum, Object as ObjectShape, types::MaybeUndefined};

/// How the expression of a schedule names its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum ScheduleKind {
    /// A cron expression: minute, hour, day of the month, month, day of the week; six fields begin
    /// with the second.
    Cron,
    /// A duration such as `90m`, `12h` or `1d`, counted from `starts_at`, or else from the creation.
    Every,
    /// A time such as `2026-12-24T18:00:00Z`; without an offset, in the time zone.
    Once,
}

/// What happens at a time of the schedule when its last job has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum ScheduleOverlap {
    /// The time gets no job.
    Skip,
    /// The job is created when the last one has ended; further times meanwhile get none.
    QueueOne,
    /// The last job is cancelled.
    CancelPrevious,
    /// The job is created beside the last one.
    Allow,
}

/// What happens to the times that passed while no server ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum ScheduleMissed {
    /// The newest gets a job.
    Last,
    /// None gets a job, unless the newest is at most `window_seconds` late.
    Skip,
    /// Each gets a job, at most the newest 100.
    All,
}

/// A schedule to create.
#[derive(Debug, ObjectShape)]
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

/// Fields of a schedule to change. A missing field keeps its value; null clears it.
#[derive(Debug, ObjectShape)]
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

/// An expression to preview.
#[derive(Debug, ObjectShape)]
#[oai(deny_unknown_fields)]
pub struct PreviewSchedule {
    /// How `expr` names the times.
    pub kind: ScheduleKind,
    /// Cron expression, duration or time.
    #[oai(validator(min_length = 1, max_length = 255))]
    pub expr: String,
    /// Name of the time zone; UTC by default.
    #[oai(validator(max_length = 64))]
    pub timezone: Option<String>,
    /// Time before which the schedule would not fire.
    pub starts_at: Option<DateTime<Utc>>,
    /// Time after which the schedule would not fire.
    pub ends_at: Option<DateTime<Utc>>,
    /// Number of times to list; 10 by default.
    #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
    pub count: Option<u32>,
}

/// Next times of a schedule.
#[derive(Debug, ObjectShape)]
pub struct ScheduleTimes {
    /// The times in words.
    words: String,
    /// What about the times may surprise, with the remedy.
    notes: Vec<String>,
    /// Name of the time zone.
    timezone: String,
    /// Next times, the first first.
    next: Vec<Time>,
}

/// A schedule, which creates a job at each of its times.
#[derive(Debug, ObjectShape)]
pub struct Schedule {
    /// Id of the schedule. Its jobs have it in their label `schedule`.
    schedule_id: String,
    /// How `expr` names the times.
    kind: ScheduleKind,
    /// Cron expression, duration or time.
    expr: String,
    /// Name of the time zone.
    timezone: String,
    /// The times in words.
    words: String,
    /// Job that each time creates.
    template: Object,
    /// What happens when the last job has not ended.
    overlap: ScheduleOverlap,
    /// What happens to times that passed while no server ran.
    missed: ScheduleMissed,
    /// How late a time may be to get a job with `missed: skip`, in seconds.
    window_seconds: i32,
    /// Maximum delay of each job, in seconds.
    jitter_seconds: i32,
    /// Time before which the schedule does not fire.
    starts_at: Option<Time>,
    /// Time after which the schedule does not fire.
    ends_at: Option<Time>,
    /// Time since which it is paused.
    paused_at: Option<Time>,
    /// Next time; one in the past waits until the last job has ended. Null if it is paused or has no
    /// more.
    next_at: Option<Time>,
    /// Last time that was decided.
    last_at: Option<Time>,
    /// Last job that was created.
    last_job_id: Option<String>,
    /// Number of jobs created.
    fired: i64,
    /// Number of times that got no job.
    skipped: i64,
    /// Why the last time got no job; null if it got one, or was skipped by the settings.
    error: Option<String>,
    /// Time when the schedule was created.
    created_at: Time,
    /// Time of its last change.
    updated_at: Time,
    /// Number that grows by one with each change by a caller.
    version: i64,
}

/// A page of schedules, by id.
#[derive(Debug, ObjectShape)]
pub struct ScheduleList {
    /// Schedules of the page.
    pub schedules: Vec<Schedule>,
    /// Whether more follow.
    pub has_more: bool,
    /// Cursor of the next page; null on the last page.
    pub next_cursor: Option<String>,
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

impl From<jobs::SchedulePreview> for ScheduleTimes {
    fn from(preview: jobs::SchedulePreview) -> Self {
        Self {
            words: preview.words,
            notes: preview.notes,
            timezone: preview.timezone,
            next: preview.next.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<schedule::Model> for Schedule {
    fn from(row: schedule::Model) -> Self {
        Self {
            words: JobManager::schedule_words(&row),
            schedule_id: row.id,
            kind: row.kind.into(),
            expr: row.expr,
            timezone: row.timezone,
            template: object(Some(row.template)).unwrap_or_default(),
            overlap: row.overlap.into(),
            missed: row.missed.into(),
            window_seconds: row.window_seconds,
            jitter_seconds: row.jitter_seconds,
            starts_at: row.starts_at.map(Into::into),
            ends_at: row.ends_at.map(Into::into),
            paused_at: row.paused_at.map(Into::into),
            next_at: row.next_at.map(Into::into),
            last_at: row.last_at.map(Into::into),
            last_job_id: row.last_job_id,
            fired: row.fired,
            skipped: row.skipped,
            error: row.error,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            version: row.version,
        }
    }
}

/// Converts between two enums with the same variants.
macro_rules! same {
    ($wire:ident, $row:ident, $($variant:ident),+) => {
        impl From<$wire> for schedule::$row {
            fn from(value: $wire) -> Self {
                match value {
                    $($wire::$variant => Self::$variant,)+
                }
            }
        }

        impl From<schedule::$row> for $wire {
            fn from(value: schedule::$row) -> Self {
                match value {
                    $(schedule::$row::$variant => Self::$variant,)+
                }
            }
        }
    };
}

same!(ScheduleKind, ScheduleKind, Cron, Every, Once);
same!(
    ScheduleOverlap,
    Overlap,
    Skip,
    QueueOne,
    CancelPrevious,
    Allow
);
same!(ScheduleMissed, Missed, Last, Skip, All);
