//! preview_schedule and next_runs: the times of a schedule, before and after it exists.

use super::{MAX_NEXT_RUNS, checked_rule, create_schedule, rule_of, unfit_expression};
use crate::{
    error::Result,
    jobs::{JobManager, NewJob, NewSchedule},
    lifecycle::Rule,
};
use chrono::{DateTime, Utc};
use entity::schedule::{self, ScheduleKind};

/// Times of a schedule, and the expression in words.
#[derive(Clone, Debug)]
pub struct SchedulePreview {
    pub words: String,
    /// What about the times may surprise.
    pub notes: Vec<String>,
    /// Name of the time zone.
    pub timezone: String,
    pub next: Vec<DateTime<Utc>>,
}

impl JobManager {
    /// Returns the words and the next times of an expression that belongs to no schedule yet.
    ///
    /// Errors: `invalid_request`.
    pub fn preview_schedule(
        &self,
        kind: ScheduleKind,
        expr: String,
        timezone: Option<String>,
        bounds: (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
        count: usize,
    ) -> Result<SchedulePreview> {
        let now = self.now();
        let new = NewSchedule {
            id: "any".to_owned(),
            kind,
            expr,
            timezone,
            template: NewJob {
                job_type: "any".to_owned(),
                ..NewJob::default()
            },
            overlap: None,
            missed: None,
            window_seconds: None,
            jitter_seconds: None,
            starts_at: bounds.0,
            ends_at: bounds.1,
            paused: false,
        };
        let row = create_schedule::new_row(new, now, self.webhook_policy())?;
        Ok(preview(&row, &checked_rule(&row, now)?, now, count))
    }

    /// Returns the words and the next times of a schedule, also of one that is paused.
    ///
    /// Errors: `schedule_not_found`, `invalid_request` if its expression no longer fits.
    pub async fn next_runs(&self, id: &str, count: usize) -> Result<SchedulePreview> {
        let row = self.get_schedule(id).await?;
        let rule = rule_of(&row).map_err(unfit_expression)?;
        let from = row.last_at.map_or(self.now(), |last| last.max(self.now()));
        Ok(preview(&row, &rule, from, count))
    }

    /// Says the times of a schedule in words; the expression itself if it cannot be read.
    pub fn schedule_words(row: &schedule::Model) -> String {
        rule_of(row).map_or_else(|_| row.expr.clone(), |rule| rule.timing.words())
    }
}

fn preview(
    row: &schedule::Model,
    rule: &Rule,
    from: DateTime<Utc>,
    count: usize,
) -> SchedulePreview {
    SchedulePreview {
        words: rule.timing.words(),
        notes: rule.timing.notes(),
        timezone: row.timezone.clone(),
        next: rule.times_after(from, count.clamp(1, MAX_NEXT_RUNS)),
    }
}
