//! Jobs that their creators run: the first report of the creator starts such a job.

use crate::{
    db::write::{Change, Loaded, Start},
    error::Result,
    jobs::{apply_transition::apply_transition, work::start_job::started},
    lifecycle::{EventKind, Verb},
};
use chrono::{DateTime, Utc};
use entity::{JobStatus, job};

/// Returns whether the job waits for its creator: it is queued, and no claim returns it.
pub(in crate::jobs) fn waits_for_creator(job: &job::Model) -> bool {
    job.status == JobStatus::Queued && job.holds > 0
}

/// Makes the change of a report, which starts the job before if the job waits for its creator and
/// the report comes without a lease token.
pub(in crate::jobs) fn begin_first(
    loaded: &Loaded,
    token: Option<&str>,
    now: DateTime<Utc>,
    report: impl Fn(&Loaded) -> Result<Option<Change>>,
) -> Result<Option<Change>> {
    if token.is_some() || !waits_for_creator(&loaded.job) {
        return report(loaded);
    }
    let mut start = started(&loaded.job, None, None, now)?;
    start.job.updated_at = now;
    let begun = Loaded {
        job: start.job.clone(),
        ..loaded.clone()
    };
    let Some(mut change) = report(&begun)? else {
        return Ok(Some(start));
    };
    let (kind, data) = match start.events.pop() {
        Some(event) => event,
        None => (EventKind::Started, None),
    };
    let job = start.job;
    change.start = Some(Box::new(Start { job, kind, data }));
    Ok(Some(change))
}

/// Returns the change that gives a job to workers that waits for its creator; `None` for any other
/// job. The wait of the job begins now.
pub(in crate::jobs) fn handed_over(
    before: &job::Model,
    kind: EventKind,
    now: DateTime<Utc>,
) -> Result<Option<Change>> {
    if !waits_for_creator(before) {
        return Ok(None);
    }
    let mut job = apply_transition(before, Verb::HandOver, now)?;
    job.holds = 0;
    job.status_since = Some(now);
    Ok(Some(Change::of(kind, job)))
}
