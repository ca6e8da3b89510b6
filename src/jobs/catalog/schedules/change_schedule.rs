//! update_schedule, pause_schedule and resume_schedule.

use super::{checked_rule, create_schedule::tidy, existing, move_on, restart, rule_of, template};
use crate::{
    db::write::ChangeSchedule,
    error::Result,
    jobs::{JobManager, NewJob},
};
use chrono::{DateTime, Utc};
use entity::schedule::{self, Missed, Overlap, ScheduleKind};

/// Fields of a schedule to change; `None` leaves one as it is, `Some(None)` clears it.
#[derive(Clone, Debug, Default)]
pub struct SchedulePatch {
    pub kind: Option<ScheduleKind>,
    pub expr: Option<String>,
    pub timezone: Option<String>,
    pub template: Option<NewJob>,
    pub overlap: Option<Overlap>,
    pub missed: Option<Missed>,
    pub window_seconds: Option<i32>,
    pub jitter_seconds: Option<i32>,
    pub starts_at: Option<Option<DateTime<Utc>>>,
    pub ends_at: Option<Option<DateTime<Utc>>>,
}

impl JobManager {
    /// Changes a schedule. Its next time is counted anew from now.
    ///
    /// Errors: `schedule_not_found`, `invalid_request`, `series_not_found`, `episode_not_found`,
    /// `item_conflict`.
    pub async fn update_schedule(&self, id: &str, patch: SchedulePatch) -> Result<schedule::Model> {
        let id = existing(id)?.to_owned();
        let template = patch.template.as_ref();
        let stored = |job| template::stored(job, &id, self.webhook_policy());
        let template = template.map(stored).transpose()?;
        self.provide_webhooks(&patch.template).await?;
        self.change_schedule(id, move |before, now| {
            let mut row = before.clone();
            let patch = patch.clone();
            row.kind = patch.kind.unwrap_or(row.kind);
            row.expr = patch.expr.unwrap_or(row.expr);
            row.timezone = patch.timezone.unwrap_or(row.timezone);
            row.template = template.clone().unwrap_or(row.template);
            row.overlap = patch.overlap.unwrap_or(row.overlap);
            row.missed = patch.missed.unwrap_or(row.missed);
            row.window_seconds = patch.window_seconds.unwrap_or(row.window_seconds);
            row.jitter_seconds = patch.jitter_seconds.unwrap_or(row.jitter_seconds);
            row.starts_at = patch.starts_at.unwrap_or(row.starts_at);
            row.ends_at = patch.ends_at.unwrap_or(row.ends_at);
            tidy(&mut row);
            let rule = checked_rule(&row, now)?;
            row.error = None;
            restart(&mut row, &rule, now);
            Ok(row)
        })
        .await
    }

    /// Pauses a schedule: its times pass without jobs until it is resumed. One that is paused
    /// already stays as it is.
    ///
    /// Errors: `schedule_not_found`.
    pub async fn pause_schedule(&self, id: &str) -> Result<schedule::Model> {
        self.change_schedule(existing(id)?.to_owned(), |before, now| {
            let mut row = before.clone();
            row.paused_at = before.paused_at.or(Some(now));
            move_on(&mut row, None);
            Ok(row)
        })
        .await
    }

    /// Resumes a schedule. Times that passed while it was paused get no jobs. One that is not
    /// paused stays as it is.
    ///
    /// Errors: `schedule_not_found`, `invalid_request` if it has no more times.
    pub async fn resume_schedule(&self, id: &str) -> Result<schedule::Model> {
        self.change_schedule(existing(id)?.to_owned(), |before, now| {
            if before.paused_at.is_none() {
                return Ok(before.clone());
            }
            let mut row = before.clone();
            row.paused_at = None;
            restart(&mut row, &checked_rule(before, now)?, now);
            Ok(row)
        })
        .await
    }

    /// Counts the next time of a schedule from now: times that have passed get no jobs. One that is
    /// paused, or that has no times, stays as it is.
    pub(in crate::jobs) async fn restart_schedule(&self, id: &str) -> Result<schedule::Model> {
        self.change_schedule(existing(id)?.to_owned(), |before, now| {
            let mut row = before.clone();
            if let Ok(rule) = rule_of(before) {
                restart(&mut row, &rule, now);
            }
            Ok(row)
        })
        .await
    }

    async fn change_schedule(
        &self,
        id: String,
        decide: impl Fn(&schedule::Model, DateTime<Utc>) -> Result<schedule::Model>
        + Send
        + Sync
        + 'static,
    ) -> Result<schedule::Model> {
        let clock = self.clock.clone();
        let decide = move |before: &schedule::Model| {
            let now = clock.now();
            let mut after = decide(before, now)?;
            if after != *before {
                after.updated_at = now;
                after.version = before.version.saturating_add(1);
            }
            Ok(after)
        };
        let write = ChangeSchedule {
            id,
            decide: Box::new(decide),
        };
        let row = self.db.commit(write).await?;
        self.alarm.ring();
        Ok(row)
    }
}
