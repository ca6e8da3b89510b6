//! Effects of a status transition on the rest of the row. Every verb that moves a job uses this
//! module.

use crate::{
    db::write::Loaded,
    error::{Error, Result},
    lifecycle::{Verb, is_terminal, percent, transition},
};
use chrono::{DateTime, Utc};
use entity::{JobStatus, job};

/// Returns the job after the verb.
///
/// Errors: `job_transition_illegal`.
pub fn apply_transition(before: &job::Model, verb: Verb, now: DateTime<Utc>) -> Result<job::Model> {
    let mut job = before.clone();
    job.status = transition(verb, before.status)?;
    if job.status == JobStatus::Processing {
        job.started_at = job.started_at.or(Some(now));
    } else {
        job.lease_token = None;
        job.lease_expires_at = None;
        job.cancel_requested_at = None;
        job.claim_id = None;
        job.run_until = None;
        job.last_heard_at = None;
        job.unheard_claims = 0;
    }
    // From now on a report under an earlier lease is too late; `ended_by` makes the exception.
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

/// Checks that the caller holds the lease. Only the worker that holds a job under a lease may
/// report on it, with the token of the lease. An expired lease stays valid until the server takes
/// the job away.
///
/// Errors: `lease_lost`.
pub fn check_lease(job: &job::Model, token: Option<&str>) -> Result<()> {
    if job.lease_token.as_deref() == token {
        Ok(())
    } else {
        Err(Error::LeaseLost)
    }
}

/// Stores the token of the lease under which a worker ended its attempt. The worker may miss the
/// response and send the same report again.
pub fn ended_by(token: Option<&str>, job: job::Model) -> job::Model {
    job::Model {
        last_lease_token: token.map(str::to_owned),
        ..job
    }
}

/// Returns whether the attempt was ended before, under the lease with this token.
pub fn was_ended_by(token: Option<&str>, job: &job::Model) -> bool {
    token.is_some() && job.last_lease_token.as_deref() == token
}

/// Resets the progress of a job that returns to the queue to its checkpoint: finished items stay
/// finished, and a job without items starts again from zero.
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
