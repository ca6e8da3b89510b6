//! Schedules: what creates jobs by the clock.

mod alarm;
mod change_schedule;
mod create_schedule;
mod fire_schedules;
mod preview_schedule;
mod template;

pub use alarm::Alarm;
pub use change_schedule::SchedulePatch;
pub use create_schedule::{NewSchedule, imported_schedule};
pub use preview_schedule::SchedulePreview;

use crate::{
    error::{Error, FieldError, Resource, Result},
    jobs::{JobManager, validate::Checks},
    lifecycle::{Policy, Rule, Timing, jitter, zone_named},
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::schedule;

const MAX_ID_CHARS: usize = 40;
const MAX_EXPR_CHARS: usize = 255;
const MAX_SECONDS: i32 = 366 * 24 * 60 * 60;

/// Most runs that a call lists.
pub const MAX_NEXT_RUNS: usize = 100;

impl JobManager {
    /// Returns the schedule with this id.
    ///
    /// Errors: `schedule_not_found`.
    pub async fn get_schedule(&self, id: &str) -> Result<schedule::Model> {
        self.db.schedule(existing(id)?).await
    }

    /// Lists the schedules by id: one page, and the last id of the page if more follow.
    pub async fn list_schedules(
        &self,
        after: Option<String>,
        limit: u64,
    ) -> Result<(Vec<schedule::Model>, Option<String>)> {
        let mut rows = self
            .db
            .schedules_behind(after, limit.saturating_add(1))
            .await?;
        let more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let last = rows.last().map(|row| row.id.clone());
        Ok((rows, last.filter(|_| more)))
    }
}

/// Refuses ids that no schedule can have.
fn existing(id: &str) -> Result<&str> {
    is_id(id)
        .then_some(id)
        .ok_or(Error::NotFound(Resource::Schedule))
}

fn is_id(id: &str) -> bool {
    let plain =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.' | '-');
    // A path cannot have a part that is only dots, and preview has a path of its own.
    (1..=MAX_ID_CHARS).contains(&id.len())
        && id.chars().all(plain)
        && !id.chars().all(|c| c == '.')
        && id != "preview"
}

/// Returns the times of a stored schedule.
///
/// Errors: a sentence about the expression or the time zone.
pub(super) fn rule_of(row: &schedule::Model) -> Result<Rule, String> {
    let zone = zone_named(&row.timezone)?;
    Ok(Rule {
        timing: Timing::read(row.kind, &row.expr, zone, row.starts_at, row.created_at)?,
        starts_at: row.starts_at,
        ends_at: row.ends_at,
    })
}

fn policy_of(row: &schedule::Model) -> Policy {
    Policy {
        missed: row.missed,
        window: TimeDelta::seconds(row.window_seconds.into()),
        jitter: TimeDelta::seconds(row.jitter_seconds.into()),
    }
}

/// Sets the next time of the schedule: none if it is paused.
fn move_on(row: &mut schedule::Model, next_at: Option<DateTime<Utc>>) {
    row.next_at = next_at.filter(|_| row.paused_at.is_none());
    let late = policy_of(row).jitter;
    row.due_at = row.next_at.map(|at| at + jitter(&row.id, at, late));
}

/// Sets the next time after `now`. A time that was decided already does not come again, even if the
/// clock was set back.
fn restart(row: &mut schedule::Model, rule: &Rule, now: DateTime<Utc>) {
    let from = row.last_at.map_or(now, |last| last.max(now));
    move_on(row, rule.after(from));
}

/// Number of coming runs whose distances limit the jitter.
const RUNS_LOOKED_AT: usize = 10;

/// Checks that no run is delayed beyond the next one, which would then count as missed.
fn check_jitter(row: &schedule::Model, rule: &Rule, now: DateTime<Utc>) -> Result<()> {
    let runs = std::iter::successors(rule.after(now), |run| rule.after(*run));
    let runs: Vec<_> = runs.take(RUNS_LOOKED_AT).collect();
    let gap = runs.windows(2).map(|two| two[1] - two[0]).min();
    match gap {
        Some(gap) if TimeDelta::seconds(row.jitter_seconds.into()) >= gap => {
            let detail = format!(
                "Use less than {} seconds: two runs are no further apart.",
                gap.num_seconds()
            );
            let error = FieldError::at("/jitter_seconds", "out_of_range", detail);
            Err(Error::invalid(error))
        }
        _ => Ok(()),
    }
}

/// Checks all of a schedule except its id and its template, and returns its times.
///
/// Errors: `invalid_request`.
fn checked_rule(row: &schedule::Model, now: DateTime<Utc>) -> Result<Rule> {
    let mut checks = Checks::default();
    checks.filled("/expr", &row.expr, MAX_EXPR_CHARS);
    checks.range("/window_seconds", Some(row.window_seconds), 0, MAX_SECONDS);
    checks.range("/jitter_seconds", Some(row.jitter_seconds), 0, MAX_SECONDS);
    checks.time("/starts_at", row.starts_at);
    checks.time("/ends_at", row.ends_at);
    let zone = zone_named(&row.timezone);
    if let Err(why) = &zone {
        checks.fail("/timezone", "unknown_timezone", why);
    }
    checks.finish()?;
    let zone = zone.map_err(Error::Internal)?;
    let timing = Timing::read(row.kind, &row.expr, zone, row.starts_at, row.created_at);
    let rule = Rule {
        timing: timing.map_err(unfit_expression)?,
        starts_at: row.starts_at,
        ends_at: row.ends_at,
    };
    check_jitter(row, &rule, now)?;
    if rule.after(now).is_none() {
        let (pointer, why) = never(&rule, now);
        return Err(Error::invalid(FieldError::at(pointer, "never_fires", why)));
    }
    Ok(rule)
}

fn unfit_expression(why: String) -> Error {
    Error::invalid(FieldError::at("/expr", "invalid_expression", why))
}

/// Says why a rule has no time after `now`, and what to change.
fn never(rule: &Rule, now: DateTime<Utc>) -> (&'static str, &'static str) {
    let endless = Rule {
        ends_at: None,
        ..rule.clone()
    };
    if endless.after(now).is_some() {
        let why = "The schedule would never fire: its first time lies after ends_at. Use a later \
            ends_at, or leave it out.";
        return ("/ends_at", why);
    }
    let why = match rule.timing {
        Timing::Once(_) => "The time has passed: use one in the future.",
        _ => {
            "The schedule would never fire: no date has these days, months and years together. \
            Check the fields, e.g. for February 30."
        }
    };
    ("/expr", why)
}
