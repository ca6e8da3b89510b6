//! What entering a status does to the rest of the row; every verb that moves a job goes through here.

use crate::{
    db::write::Loaded,
    error::{Error, Result},
    lifecycle::{Verb, is_terminal, percent, transition},
};
use chrono::{DateTime, Utc};
use entity::{JobStatus, job};

/// The job after the verb, or `TransitionIllegal`.
pub fn enter(before: &job::Model, verb: Verb, now: DateTime<Utc>) -> Result<job::Model> {
    let mut job = before.clone();
    job.status = transition(verb, before.status)?;
    if job.status == JobStatus::Processing {
        job.started_at = job.started_at.or(Some(now));
    } else {
        job.lease_token = None;
        job.lease_expires_at = None;
        job.cancel_requested_at = None;
    }
    // Whoever reports under an earlier lease from now on comes too late; `ended_by` makes the exception.
    job.last_lease_token = None;
    if job.status == JobStatus::Queued {
        job.worker_id = None;
    }
    job.completed_at = is_terminal(job.status).then_some(now);
    if job.status != before.status {
        job.status_since = Some(now);
    }
    Ok(job)
}

/// A worker that holds a job under a lease is the only one to report on it, and does so with its token. A lease that has
/// run out holds until the job is taken away.
pub fn fence(job: &job::Model, token: Option<&str>) -> Result<()> {
    if job.lease_token.as_deref() == token { Ok(()) } else { Err(Error::LeaseLost) }
}

/// The attempt ended by the word of its worker, which may not hear the answer and say it again.
pub fn ended_by(token: Option<&str>, job: job::Model) -> job::Model {
    job::Model { last_lease_token: token.map(str::to_owned), ..job }
}

/// The worker of this lease has ended its attempt already.
pub fn was_ended_by(token: Option<&str>, job: &job::Model) -> bool {
    token.is_some() && job.last_lease_token.as_deref() == token
}

/// Sets a job that goes back to the queue to what its items say: done ones stay done, and without items it begins anew.
pub fn back_to_checkpoint(job: &mut job::Model, loaded: &Loaded) {
    if loaded.item_count > 0 {
        job.total_shots = job.total_shots.max(loaded.item_count);
        job.completed_shots = loaded.done_count;
        job.progress = percent(job.completed_shots, job.total_shots);
    } else {
        job.completed_shots = 0;
        job.progress = 0.0;
    }
    job.current_stage = None;
}
