//! Schedules in requests and responses.

mod input;
mod preview;

pub use input::{NewSchedule, SchedulePatch};
pub use preview::{PreviewSchedule, ScheduleTimes};

use super::{Object, Time, object, same::same};
use crate::jobs::JobManager;
use entity::schedule;
use poem_openapi::{Enum, Object as ObjectShape};

/// How the expression of a schedule names its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum ScheduleKind {
    /// A cron expression: minute, hour, day of the month, month, day of the week; six fields begin
    /// with the second.
    Cron,
    /// A duration such as `90m`, `12h` or `1d`, counted from `starts_at`, or else from the
    /// creation.
    Every,
    /// A time such as `2026-12-24T18:00:00Z`; without an offset, in the time zone.
    Once,
}

same!(ScheduleKind = schedule::ScheduleKind { Cron, Every, Once });

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

same!(
    ScheduleOverlap = schedule::Overlap {
        Skip,
        QueueOne,
        CancelPrevious,
        Allow,
    }
);

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

same!(ScheduleMissed = schedule::Missed { Last, Skip, All });

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
    /// Next time; one in the past waits until the last job has ended. Null if it is paused or has
    /// no more.
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
