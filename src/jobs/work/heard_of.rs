//! Records that a job's worker was heard of.

use chrono::{DateTime, TimeDelta, Utc};
use entity::job;

/// Difference from which on the clock counts as set back: more than servers differ by.
const MAX_DIFFERENCE: TimeDelta = TimeDelta::seconds(1);

/// Records that the worker of the job was heard of. A lease that was given by a clock that has been
/// set back since keeps the time that it had left when the worker was last heard of; it would
/// otherwise end late by all that the clock was set back.
pub(super) fn heard_of(job: &mut job::Model, now: DateTime<Utc>) {
    let before = job.last_heard_at.or(job.status_since);
    let back = before.map_or(TimeDelta::zero(), |before| before - now);
    if back > MAX_DIFFERENCE {
        job.lease_expires_at = job.lease_expires_at.map(|end| end - back);
    }
    job.last_heard_at = Some(now);
}
