//! create_schedule, delete_schedule and run_schedule.

use super::{checked_rule, existing, is_id, restart, template};
use crate::{
    db::write::{Created, DeleteSchedule, InsertSchedule, RunSchedule},
    error::{Error, FieldError, Result},
    jobs::{
        Idempotency, JobManager, NewJob,
        validate::{Checks, micros},
    },
    lifecycle::zone_named,
    outbound::OutboundPolicy,
    telemetry::request,
};
use chrono::{DateTime, Utc};
use entity::schedule::{self, Missed, Overlap, ScheduleKind};

/// A schedule to create.
#[derive(Clone, Debug)]
pub struct NewSchedule {
    /// Id of the schedule: `[a-z0-9_.-]{1,40}`.
    pub id: String,
    pub kind: ScheduleKind,
    /// Cron expression, duration, or time.
    pub expr: String,
    /// Name of a time zone; UTC by default.
    pub timezone: Option<String>,
    /// Job to create each time.
    pub template: NewJob,
    /// What happens while its last job runs; by default the time is skipped.
    pub overlap: Option<Overlap>,
    /// What happens to missed times; by default the last one gets a job.
    pub missed: Option<Missed>,
    /// Seconds within which a missed time still gets its job; 3600 by default.
    pub window_seconds: Option<i32>,
    /// Maximum delay of each job, in seconds; 0 by default.
    pub jitter_seconds: Option<i32>,
    pub starts_at: Option<DateTime<Utc>>,
    pub ends_at: Option<DateTime<Utc>>,
    /// Whether it waits to be resumed.
    pub paused: bool,
}

impl JobManager {
    /// Creates a schedule. Its first time is the first after now.
    ///
    /// Errors: `invalid_request`, `series_not_found`, `episode_not_found`, `item_conflict`,
    /// `schedule_exists`.
    pub async fn create_schedule(&self, new: NewSchedule) -> Result<schedule::Model> {
        let template = new.template.clone();
        let row = new_row(new, self.now(), self.webhook_policy())?;
        self.provide_webhooks([&template]).await?;
        let row = self.db.commit(InsertSchedule(row)).await?;
        self.alarm.ring();
        Ok(row)
    }

    /// Deletes a schedule; its jobs stay.
    ///
    /// Errors: `schedule_not_found`.
    pub async fn delete_schedule(&self, id: &str) -> Result<()> {
        self.db
            .commit(DeleteSchedule(existing(id)?.to_owned()))
            .await
    }

    /// Creates a job of the schedule at once, whatever its times, and also if it is paused or the
    /// last job has not ended.
    ///
    /// Errors: `schedule_not_found`, `invalid_request`, and those of a create.
    pub async fn run_schedule(
        &self,
        id: &str,
        idempotency: Option<Idempotency>,
    ) -> Result<Created> {
        let row = self.get_schedule(id).await?;
        idempotency.as_ref().map_or(Ok(()), Idempotency::check)?;
        let now = self.now();
        let unfit = |why| Error::invalid(FieldError::at("", "template_unfit", why));
        let job = template::job_of(&row.template, &row.id, self.webhook_policy()).map_err(unfit)?;
        let job = NewJob {
            // With microseconds, it is no id of a time of the schedule.
            job_id: Some(format!("{}.{}", row.id, now.format("%Y%m%dT%H%M%S%.6fZ"))),
            ..job
        };
        let write = RunSchedule {
            id: row.id,
            job: self.new_job(job, idempotency, now),
        };
        let created = self.db.commit(write).await?;
        request::note_job(&created.job.id);
        Ok(created)
    }
}

/// Returns the row of a schedule that was created at `now` in an older store.
///
/// Errors: `invalid_request`, `item_conflict`.
pub fn imported_schedule(new: NewSchedule, now: DateTime<Utc>) -> Result<schedule::Model> {
    new_row(new, now, &OutboundPolicy::default())
}

/// Returns the row of a schedule that is created at `now`.
///
/// Errors: `invalid_request`, `item_conflict`.
pub(super) fn new_row(
    new: NewSchedule,
    now: DateTime<Utc>,
    policy: &OutboundPolicy,
) -> Result<schedule::Model> {
    let mut checks = Checks::default();
    if !is_id(&new.id) {
        let detail = if new.id == "preview" {
            "The id preview is reserved, because it has another meaning in a URL: choose another."
        } else {
            "Use 1 to 40 of the characters a-z 0-9 _ . - as the id of a schedule, e.g. nightly."
        };
        checks.fail("/schedule_id", "invalid_id", detail);
    }
    checks.finish()?;
    let mut row = schedule::Model {
        template: template::stored(&new.template, &new.id, policy)?,
        id: new.id,
        kind: new.kind,
        expr: new.expr,
        timezone: new.timezone.unwrap_or_else(|| "UTC".to_owned()),
        overlap: new.overlap.unwrap_or(Overlap::Skip),
        missed: new.missed.unwrap_or(Missed::Last),
        window_seconds: new.window_seconds.unwrap_or(3600),
        jitter_seconds: new.jitter_seconds.unwrap_or(0),
        starts_at: new.starts_at,
        ends_at: new.ends_at,
        paused_at: new.paused.then_some(now),
        next_at: None,
        due_at: None,
        last_at: None,
        last_job_id: None,
        fired: 0,
        skipped: 0,
        error: None,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    tidy(&mut row);
    let rule = checked_rule(&row, now)?;
    restart(&mut row, &rule, now);
    Ok(row)
}

/// Gives the name of the time zone its usual letters, and cuts times as both databases store them.
pub(super) fn tidy(row: &mut schedule::Model) {
    if let Ok(zone) = zone_named(&row.timezone) {
        row.timezone = zone.name().to_owned();
    }
    row.expr = row.expr.trim().to_owned();
    row.starts_at = row.starts_at.map(micros);
    row.ends_at = row.ends_at.map(micros);
}
