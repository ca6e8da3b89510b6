//! rescue_jobs: takes jobs from workers whose leases have expired.

use super::{
    JobManager,
    apply_transition::apply_transition,
    finish_job::{failed_by, queued_again},
    stamped,
};
use crate::{
    db::write::{Change, DecideExpired, Loaded, RescueJobs, expired},
    error::{Error, Result},
    lifecycle::{EventKind, Verb, backoff},
};
use chrono::{DateTime, Utc};
use entity::job;
use serde_json::json;
use std::sync::{Arc, PoisonError};

/// Maximum number of jobs per transaction.
const MAX_BATCH_JOBS: u64 = 500;

/// Numbers of jobs found, rescued and skipped in one transaction.
#[derive(Default)]
struct RescueBatch {
    found: u64,
    rescued: u64,
    skipped: u64,
}

impl JobManager {
    /// Takes the jobs with an expired lease from their workers, and returns the number of jobs.
    /// While attempts remain a job returns to the queue, with a backoff; otherwise it fails. A job
    /// with a requested cancel becomes cancelled. Finished items stay finished. All servers may run
    /// this at the same time.
    pub async fn rescue_jobs(&self) -> Result<u64> {
        let (mut rescued, mut skipped) = (0, 0);
        // Nearly always no lease has expired, so a read comes first: a transaction would block
        // other writers.
        while expired(self.db.read(), self.now()).await? {
            let some = self.rescue_some(skipped).await?;
            rescued += some.rescued;
            skipped += some.skipped;
            if some.found < MAX_BATCH_JOBS {
                break;
            }
        }
        Ok(rescued)
    }

    async fn rescue_some(&self, skipped: u64) -> Result<RescueBatch> {
        let now = self.now();
        let decide = |jitter: f64| -> DecideExpired {
            Box::new(move |loaded| {
                // A heartbeat may have extended the lease since the query found the job.
                let over = loaded
                    .job
                    .lease_expires_at
                    .is_some_and(|expires| expires <= now);
                over.then(|| rescued(loaded, jitter, now).map(|change| stamped(change, now)))
                    .transpose()
            })
        };
        let decide = (0..MAX_BATCH_JOBS)
            .map(|_| Arc::new(decide(self.chance.jitter())))
            .collect();
        let mut some = RescueBatch::default();
        for rescued in self
            .db
            .commit(RescueJobs {
                by: now,
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
                Ok(_) => {}
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
        let job = apply_transition(before, Verb::Cancel, now)?;
        let event_data =
            json!({"reason": error, "attempt": before.attempt, "worker_id": before.worker_id});
        return Ok(Change::of(EventKind::Cancelled, job).with_data(event_data));
    }
    if before.attempt >= before.max_attempts {
        return failed_by(before, Some(error), now);
    }
    let job = queued_again(
        loaded,
        Verb::Expire,
        &error,
        backoff(before.attempt, jitter),
        now,
    )?;
    let event_data = json!({"error": error, "attempt": before.attempt, "worker_id": before.worker_id, "run_at": job.run_at});
    Ok(Change::of(EventKind::Rescued, job).with_data(event_data))
}

fn silence(job: &job::Model) -> String {
    let worker = job.worker_id.as_deref().unwrap_or("(unknown)");
    let until = job
        .lease_expires_at
        .map(|time| time.format("%Y-%m-%d %H:%M:%S UTC").to_string())
        .unwrap_or_default();
    format!("lease expired: worker {worker} was not heard of by {until}")
}
