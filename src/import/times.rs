//! Times of a record: the four of a job, and single ones, in the zone of their store.

mod epoch;
mod parse;
mod spelling;

pub use parse::read;

use super::{
    fields::Fields,
    reject::{Reason, Reject},
};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use parse::parse;
use serde_json::Value;

/// Times of a job, as far as its store knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Times {
    pub created: DateTime<Utc>,
    pub updated: DateTime<Utc>,
    pub started: Option<DateTime<Utc>>,
    pub completed: Option<DateTime<Utc>>,
}

/// Zone of a store's times without one.
#[derive(Clone, Copy, Debug)]
pub enum Zone {
    /// The store is known to have written UTC.
    Utc,
    /// The store wrote local times, whose zone is that of the run.
    Local(Tz),
}

impl Zone {
    fn tz(self) -> Tz {
        match self {
            Zone::Utc => Tz::UTC,
            Zone::Local(tz) => tz,
        }
    }
}

/// Takes the four times of a record. If `created_at` is missing or unreadable, the first of the
/// others replaces it, and the last one `updated_at`: the job exists, and both columns are
/// required.
///
/// Errors: `bad_time` when no time can be read.
pub fn take(fields: &mut Fields, zone: Zone) -> Result<Times, Reject> {
    let raw = [fields.take("created_at"), fields.take("updated_at")];
    let created = take_one(fields, "created_at", raw[0].clone(), zone, None);
    let updated = take_one(fields, "updated_at", raw[1].clone(), zone, created);
    let mut optional = |name| {
        let raw = fields.take(name);
        take_one(fields, name, raw, zone, created)
    };
    let (started, completed) = (optional("started_at"), optional("completed_at"));
    let all = || [created, updated, started, completed].into_iter().flatten();
    let (Some(first), Some(last)) = (all().min(), all().max()) else {
        return Err(unreadable(&raw));
    };
    for (name, raw) in ["created_at", "updated_at"].into_iter().zip(&raw) {
        if raw.is_none() {
            fields
                .legacy
                .repaired(name, "missing_time_taken_from_the_other");
        }
    }
    Ok(Times {
        created: created.unwrap_or(first),
        updated: updated.unwrap_or(last),
        started,
        completed,
    })
}

/// Reads one time of a record, and keeps the raw value of one that is unreadable. A time without a
/// zone counts as assumed, unless the store is known to have written UTC.
pub fn take_one(
    fields: &mut Fields,
    name: &str,
    raw: Option<Value>,
    zone: Zone,
    after: Option<DateTime<Utc>>,
) -> Option<DateTime<Utc>> {
    let raw = raw?;
    let Some((time, is_local)) = parse(&raw, zone.tz(), after) else {
        fields
            .legacy
            .repair(name, "unreadable_time_kept_aside", raw);
        return None;
    };
    if is_local && matches!(zone, Zone::Local(_)) {
        fields.legacy.assumed.local_times += 1;
    }
    Some(time)
}

fn unreadable(raw: &[Option<Value>; 2]) -> Reject {
    let shown = |raw: &Option<Value>| {
        raw.as_ref().map_or("missing".into(), |v| {
            v.to_string().chars().take(50).collect::<String>()
        })
    };
    let detail = format!(
        "No time of the record can be read: created_at is {}, updated_at is {}.",
        shown(&raw[0]),
        shown(&raw[1])
    );
    Reject::new(Reason::BadTime, detail)
}

#[cfg(test)]
mod tests;
