//! Expressions to preview, and the next times of a schedule.

use super::ScheduleKind;
use crate::{api::dto::Time, jobs};
use chrono::{DateTime, Utc};
use poem_openapi::Object;

/// An expression to preview.
#[derive(Debug, Object)]
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
#[derive(Debug, Object)]
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
