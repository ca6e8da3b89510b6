//! Recurrences: a job that web2img would have repeated becomes a paused schedule. Its items' input
//! was never written, so a person has to complete the template before resuming it.

use crate::{
    import::{fields::Fields, times},
    jobs::{NewJob, NewSchedule, imported_schedule},
    lifecycle::{Rule, Timing},
};
use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;
use entity::schedule::{self, Overlap, ScheduleKind};
use serde_json::{Map, Value};

/// Maximum characters of a schedule's id.
const MAX_ID_CHARS: usize = 40;

/// Reads the recurrence of a job; `None` if it has none, or one that cannot be understood. The
/// fields stay where they are, so that nothing of them is lost.
pub fn schedule_of(
    fields: &Fields,
    id: &str,
    config: Option<&Map<String, Value>>,
    priority: i16,
    created: DateTime<Utc>,
) -> Option<schedule::Model> {
    let time = |name: &str| {
        let value = fields.look(name)?;
        times::read(value, Tz::UTC, None)
    };
    let whole = |name: &str| fields.look(name).and_then(Value::as_i64);
    let pattern = fields.look("recurrence_pattern")?.as_str()?;
    let interval = whole("recurrence_interval").unwrap_or(1).clamp(1, 1000);
    let next = time("next_scheduled_time");
    let start = next.or_else(|| time("scheduled_time")).unwrap_or(created);
    let (kind, expr) = match pattern {
        "hourly" => (ScheduleKind::Every, format!("{interval}h")),
        "daily" => (ScheduleKind::Every, format!("{interval}d")),
        "weekly" => (ScheduleKind::Every, format!("{interval}w")),
        "monthly" => (ScheduleKind::Cron, monthly(start, interval)?),
        "custom" => {
            let cron = fields.look("recurrence_cron")?.as_str()?;
            (ScheduleKind::Cron, cron.to_owned())
        }
        _ => return None,
    };
    let timing = Timing::read(kind, &expr, Tz::UTC, Some(start), created).ok()?;
    let rule = Rule {
        timing,
        starts_at: Some(start),
        ends_at: None,
    };
    // 0 repeats without an end. The job itself is the first of the others.
    let ends_at = match whole("recurrence_count").unwrap_or(0) {
        ..=0 => None,
        count => {
            let left = usize::try_from(count - i64::from(next.is_some())).ok()?;
            let times = rule.times_after(start - TimeDelta::seconds(1), left.min(10_000));
            Some(*times.last()?)
        }
    };
    let new = NewSchedule {
        id: schedule_id(id),
        kind,
        expr,
        timezone: None,
        template: NewJob {
            job_type: "web2img".to_owned(),
            request_data: config.cloned(),
            priority,
            ..NewJob::default()
        },
        overlap: Some(Overlap::Allow),
        missed: None,
        window_seconds: None,
        jitter_seconds: None,
        starts_at: Some(start),
        ends_at,
        paused: true,
    };
    imported_schedule(new, created).ok()
}

/// Returns the cron expression of a time each `interval` months; `None` if the months would differ
/// from year to year.
fn monthly(start: DateTime<Utc>, interval: i64) -> Option<String> {
    let (minute, hour, day) = (start.minute(), start.hour(), start.day());
    let months = match interval {
        1 => "*".to_owned(),
        2 | 3 | 4 | 6 | 12 => {
            let interval = u32::try_from(interval).ok()?;
            let first = (start.month() - 1) % interval + 1;
            let months: Vec<String> = (first..=12)
                .step_by(usize::try_from(interval).ok()?)
                .map(|month| month.to_string())
                .collect();
            months.join(",")
        }
        _ => return None,
    };
    Some(format!("{minute} {hour} {day} {months} *"))
}

fn schedule_id(job_id: &str) -> String {
    let plain = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-') => c,
        _ => '-',
    };
    job_id.chars().map(plain).take(MAX_ID_CHARS).collect()
}
