//! The next time of a cron expression, of a distance, and of a single moment, in a time zone.

use super::span;
use chrono::{
    DateTime, Days, LocalResult, NaiveDateTime, Offset, SecondsFormat, SubsecRound, TimeDelta,
    TimeZone, Utc,
};
use chrono_tz::Tz;
use croner::Cron;
use entity::schedule::ScheduleKind;

/// Times of a schedule, in whole seconds.
#[derive(Clone, Debug)]
pub enum Timing {
    Cron {
        cron: Box<Cron>,
        zone: Tz,
    },
    Every {
        every: TimeDelta,
        /// Time from which the distances are counted.
        anchor: DateTime<Utc>,
        /// Whether the anchor is a time itself.
        at_anchor: bool,
    },
    Once(DateTime<Utc>),
}

impl Timing {
    /// Reads an expression. `starts_at`, or else `created_at`, is where distances begin.
    ///
    /// Errors: a sentence with the remedy.
    pub fn read(
        kind: ScheduleKind,
        expr: &str,
        zone: Tz,
        starts_at: Option<DateTime<Utc>>,
        created_at: DateTime<Utc>,
    ) -> Result<Self, String> {
        match kind {
            ScheduleKind::Cron => Ok(Self::Cron {
                cron: Box::new(cron(expr)?),
                zone,
            }),
            ScheduleKind::Every => Ok(Self::Every {
                every: span(expr)?,
                anchor: starts_at.unwrap_or(created_at).trunc_subsecs(0),
                at_anchor: starts_at.is_some(),
            }),
            ScheduleKind::Once => moment(expr, zone).map(Self::Once),
        }
    }

    /// Returns the first time after `time`, which is in whole seconds.
    pub fn after(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Cron { cron, zone } => after_by_cron(cron, *zone, time),
            Self::Every {
                every,
                anchor,
                at_anchor,
            } => {
                let first = i64::from(!at_anchor);
                let passed = (time - anchor)
                    .num_seconds()
                    .div_euclid(every.num_seconds());
                let steps = i32::try_from((passed + 1).max(first)).ok()?;
                anchor.checked_add_signed(every.checked_mul(steps)?)
            }
            Self::Once(at) => (*at > time).then_some(*at),
        }
    }

    /// Says the times in words, such as `At 09:00, on Monday (Europe/Berlin)`.
    pub fn words(&self) -> String {
        match self {
            Self::Cron { cron, zone } => {
                let words = cron.describe();
                format!("{} ({})", words.trim_end_matches('.'), zone.name())
            }
            Self::Every { every, anchor, .. } => format!(
                "Every {}, counted from {}",
                in_words(*every),
                anchor.to_rfc3339_opts(SecondsFormat::Secs, true)
            ),
            Self::Once(at) => {
                format!("Once, at {}", at.to_rfc3339_opts(SecondsFormat::Secs, true))
            }
        }
    }

    /// Says what about the times may surprise; nothing in most cases.
    pub fn notes(&self) -> Vec<String> {
        let Self::Cron { cron, .. } = self else {
            return Vec::new();
        };
        let (pattern, mut notes) = (&cron.pattern, Vec::new());
        for (field, unit, letter, whole) in [
            (&pattern.minutes, "minutes", 'm', 60),
            (&pattern.hours, "hours", 'h', 24),
        ] {
            let step = field.step;
            if field.from_wildcard && step > 1 && whole % step != 0 && step < whole {
                notes.push(format!(
                    "*/{step} starts anew every {}: its last distance is only {} {unit}. For even \
                    distances use the kind every with {step}{letter}.",
                    if whole == 60 { "hour" } else { "day" },
                    whole % step
                ));
            }
        }
        let either = !pattern.matches_dom_and_dow();
        if either && !pattern.is_dom_wildcard() && !pattern.is_dow_wildcard() {
            notes.push(
                "Both a day of the month and a day of the week are given: either is enough. For \
                days that are both, write a + before the day of the week."
                    .to_owned(),
            );
        }
        notes
    }
}

/// Reads a cron expression of five fields, or of six with the seconds first.
fn cron(expr: &str) -> Result<Cron, String> {
    const REMEDY: &str = "use five fields: minute, hour, day of the month, month, day of the week, \
        such as `30 9 * * MON-FRI`; or six, with the seconds first.";
    let read = std::panic::catch_unwind(|| expr.parse::<Cron>());
    match read {
        Ok(Ok(cron)) => Ok(cron),
        Ok(Err(error)) => {
            let why = error.to_string();
            let why = why.trim_end_matches('.');
            Err(format!(
                "The cron expression cannot be read ({why}): {REMEDY}"
            ))
        }
        Err(_) => Err(format!("The cron expression cannot be read: {REMEDY}")),
    }
}

/// Reads a moment: with an offset or `Z`, or as a local time of the zone.
fn moment(expr: &str, zone: Tz) -> Result<DateTime<Utc>, String> {
    let expr = expr.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(expr) {
        return Ok(time.to_utc().trunc_subsecs(0));
    }
    let local = [
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%d %H:%M",
    ]
    .iter()
    .find_map(|format| NaiveDateTime::parse_from_str(expr, format).ok());
    let local = local.ok_or_else(|| {
        format!(
            "`{}` is not a time: write it as 2026-12-24T18:00:00Z, or without the Z for the time \
            zone of the schedule.",
            expr.chars().take(40).collect::<String>().escape_debug()
        )
    })?;
    first_instant(zone, local).ok_or_else(|| "Use a time in the years 1 to 9999.".to_owned())
}

/// Returns the next time. Where clocks are set forward, a fixed time that does not exist becomes
/// the first moment after the gap; where they are set back, it comes once, the first time. Times by
/// a `*` in the minutes or hours follow the clock: those in the gap do not come, and those in the
/// repeated hour come twice.
fn after_by_cron(cron: &Cron, zone: Tz, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let pattern = &cron.pattern;
    let fields = [&pattern.seconds, &pattern.minutes, &pattern.hours];
    if fields.iter().any(|field| field.from_wildcard) {
        let next = cron.find_next_occurrence(&time.with_timezone(&zone), false);
        return in_years(next.ok()?.to_utc());
    }
    // The widest gap is a day: some islands left one out when they changed the side of the date
    // line. A local time of the day before may become a moment after `time`.
    let local = time.with_timezone(&zone).naive_local();
    let mut local = local.checked_sub_days(Days::new(1))?;
    loop {
        local = cron.find_next_occurrence(&local, false).ok()?;
        let instant = in_years(first_instant(zone, local)?)?;
        if instant > time {
            return Some(instant);
        }
    }
}

fn in_years(time: DateTime<Utc>) -> Option<DateTime<Utc>> {
    use chrono::Datelike;
    (time.year() <= 9999).then_some(time)
}

/// Returns the first moment at which the clocks of the zone show the local time, or the moment at
/// which they are set beyond it.
fn first_instant(zone: Tz, local: NaiveDateTime) -> Option<DateTime<Utc>> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(time) => Some(time.to_utc()),
        LocalResult::Ambiguous(one, other) => Some(one.min(other).to_utc()),
        LocalResult::None => {
            // Offsets are 16 hours at most: the clocks are set between these two.
            let offset = |time: NaiveDateTime| zone.offset_from_utc_datetime(&time).fix();
            let mut before = local.checked_sub_signed(TimeDelta::hours(16))?;
            let mut after = local.checked_add_signed(TimeDelta::hours(16))?;
            let old = offset(before);
            while after - before > TimeDelta::seconds(1) {
                let middle = before + TimeDelta::seconds((after - before).num_seconds() / 2);
                if offset(middle) == old {
                    before = middle;
                } else {
                    after = middle;
                }
            }
            Some(after.and_utc())
        }
    }
}

fn in_words(span: TimeDelta) -> String {
    let seconds = span.num_seconds();
    let units = [
        (7 * 86_400, "week"),
        (86_400, "day"),
        (3_600, "hour"),
        (60, "minute"),
        (1, "second"),
    ];
    let whole = units.iter().find(|(unit, _)| seconds % unit == 0);
    let (unit, name) = whole.unwrap_or(&(1, "second"));
    match seconds / unit {
        1 => (*name).to_owned(),
        number => format!("{number} {name}s"),
    }
}

#[cfg(test)]
mod tests;
