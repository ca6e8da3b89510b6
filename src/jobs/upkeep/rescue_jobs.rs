//! rescue_jobs: takes jobs from workers whose leases have expired, and ends attempts that last too
//! long.

use crate::{
    db::write::{Change, DecideExpired, LeaseEnd, Loaded, RescueJobs, expired},
    error::{Error, Result},
    jobs::{
        JobManager,
        apply_transition::{apply_transition, back_to_checkpoint},
        stamped,
        work::finish_job::{failed_by, queued_again},
    },
    lifecycle::{EventKind, Verb, backoff},
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::job;
use serde_json::json;
use std::sync::{Arc, PoisonError};

/// Maximum number of jobs per transaction.
const MAX_BATCH_JOBS: u64 = 500;

/// Maximum number of claims in a row that do not count because their worker was never heard of.
/// A job whose program takes its whole worker down at once must not be tried for ever.
const MAX_UNHEARD_CLAIMS: i32 = 10;

/// Numbers of jobs found, rescued and skipped in one transaction.
#[derive(Default)]
struct RescueBatch {
    found: u64,
    rescued: u64,
    skipped: u64,
}

impl JobManager {
    /// Takes the jobs with an expired lease from their workers, ends attempts that have lasted for
    /// their maximum, and returns the number of jobs. While attempts remain a job returns to the
    /// queue, with a backoff; otherwise it fails. A job with a requested cancel becomes cancelled.
    /// Finished items stay finished. An attempt whose worker was never heard of does not count. All
    /// servers may run this at the same time.
    pub async fn rescue_jobs(&self) -> Result<u64> {
        self.rescue_ended(LeaseEnd::by(self.now())).await
    }

    /// Rescues the jobs whose leases have ended by these times.
    pub(super) async fn rescue_ended(&self, end: LeaseEnd) -> Result<u64> {
        let (mut rescued, mut skipped) = (0, 0);
        // Nearly always no lease has expired, so a read comes first: a transaction would block
        // other writers.
        while expired(self.db.read(), &end).await? {
            let some = self.rescue_some(end, skipped).await?;
            rescued += some.rescued;
            skipped += some.skipped;
            if some.found < MAX_BATCH_JOBS {
                break;
            }
        }
        Ok(rescued)
    }

    async fn rescue_some(&self, end: LeaseEnd, skipped: u64) -> Result<RescueBatch> {
        let now = self.now();
        let decide = |jitter: f64| -> DecideExpired {
            let watch = self.lease_watch.clone();
            Box::new(move |loaded| {
                let job = &loaded.job;
                let change = if end.is_too_long(job) {
                    overrun(loaded, jitter, now)
                // A heartbeat may have extended the lease since the query found the job, or may
                // have been refused a moment ago.
                } else if end.is_over(job) && !watch.was_refused(&job.id) {
                    rescued(loaded, jitter, now)
                } else {
                    return Ok(None);
                };
                change.map(|change| Some(stamped(change, now)))
            })
        };
        let decide = (0..MAX_BATCH_JOBS)
            .map(|_| Arc::new(decide(self.chance.jitter())))
            .collect();
        let mut some = RescueBatch::default();
        for rescued in self
            .db
            .commit(RescueJobs {
                end,
                skipped,
                decide,
            })
            .await?
        {
            some.found += 1;
            match rescued {
                Ok(rescued) if rescued.changed => {
                    self.workers.rescued(rescued.worker_id.as_ref());
                    some.rescued += 1;
                }
                // It would be found again at once, and keep others from being found.
                Ok(_) => some.skipped += 1,
                // A job that cannot be read, or accepts no further steps, must not keep others from
                // being rescued.
                Err(error) => {
                    self.report_unrescued(&error);
                    some.skipped += 1;
                }
            }
        }
        Ok(some)
    }

    fn report_unrescued(&self, error: &Error) {
        let mut limit = self
            .unrescued
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(times) = limit.count() {
            tracing::warn!(
                times,
                %error,
                "cannot rescue jobs whose leases have expired; they are skipped, and found again \
                in each round"
            );
        }
    }
}

fn rescued(loaded: &Loaded, jitter: f64, now: DateTime<Utc>) -> Result<Change> {
    let before = &loaded.job;
    let error = silence(before);
    if before.cancel_requested_at.is_some() {
        return cancelled(before, error, now);
    }
    if before.last_heard_at.is_none() && before.unheard_claims < MAX_UNHEARD_CLAIMS {
        return unclaimed(loaded, error, jitter, now);
    }
    if before.attempt >= before.max_attempts {
        return failed_by(before, Some(error), now);
    }
    let wait = backoff(before.attempt, jitter);
    let job = queued_again(loaded, Verb::Expire, &error, wait, now)?;
    let event_data = json!({"error": error, "attempt": before.attempt, "worker_id": before.worker_id, "run_at": job.run_at});
    Ok(Change::of(EventKind::Rescued, job).with_data(event_data))
}

/// Returns the change of a job whose worker was never heard of after its claim, which it may not
/// have received: the attempt does not count.
fn unclaimed(loaded: &Loaded, error: String, jitter: f64, now: DateTime<Utc>) -> Result<Change> {
    let before = &loaded.job;
    let mut job = apply_transition(before, Verb::Expire, now)?;
    job.attempt = (before.attempt - 1).max(0);
    job.unheard_claims = before.unheard_claims + 1;
    job.run_at = Some(now + backoff(job.unheard_claims, jitter));
    job.error_message = Some(error.clone());
    back_to_checkpoint(&mut job, loaded);
    let event_data = json!({
        "error": error, "attempt": before.attempt, "worker_id": before.worker_id,
        "run_at": job.run_at, "counted": false,
    });
    Ok(Change::of(EventKind::Rescued, job).with_data(event_data))
}

/// Returns the change of a job whose attempt has lasted for its maximum: the attempt fails.
fn overrun(loaded: &Loaded, jitter: f64, now: DateTime<Utc>) -> Result<Change> {
    let before = &loaded.job;
    let error = overrun_error(before);
    if before.cancel_requested_at.is_some() {
        return cancelled(before, error, now);
    }
    if before.attempt >= before.max_attempts {
        return failed_by(before, Some(error), now);
    }
    let wait = backoff(before.attempt, jitter);
    let job = queued_again(loaded, Verb::FailAndRetry, &error, wait, now)?;
    let event_data = json!({
        "error": error, "attempt": before.attempt, "worker_id": before.worker_id,
        "run_at": job.run_at,
    });
    Ok(Change::of(EventKind::RetryScheduled, job).with_data(event_data))
}

fn cancelled(before: &job::Model, reason: String, now: DateTime<Utc>) -> Result<Change> {
    let job = apply_transition(before, Verb::Cancel, now)?;
    let event_data =
        json!({"reason": reason, "attempt": before.attempt, "worker_id": before.worker_id});
    Ok(Change::of(EventKind::Cancelled, job).with_data(event_data))
}

fn overrun_error(job: &job::Model) -> String {
    let began = job.status_since.unwrap_or(job.updated_at);
    let allowed = job
        .run_until
        .map_or(TimeDelta::zero(), |until| until - began);
    format!(
        "the attempt ran longer than max_run_seconds allows ({} s) and was ended",
        allowed.num_seconds()
    )
}

fn silence(job: &job::Model) -> String {
    let worker = job.worker_id.as_deref().unwrap_or("(unknown)");
    let until = job
        .lease_expires_at
        .map(|time| time.format("%Y-%m-%d %H:%M:%S UTC").to_string())
        .unwrap_or_default();
    format!("lease expired: worker {worker} was not heard of by {until}")
}
