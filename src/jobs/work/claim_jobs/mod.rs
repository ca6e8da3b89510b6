//! claim_jobs: gives the next jobs of the queues to a worker, each under a lease.

mod claim;
mod on_the_way;

pub use crate::db::write::Claimed;
pub use claim::Claim;

use crate::{
    db::write::{ClaimJobs, first_due, levels, was_claimed},
    error::{Error, Result},
    jobs::{JobManager, catalog::keys::key_text},
    telemetry::request,
};
use chrono::TimeDelta;
use on_the_way::OnTheWay;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};

impl JobManager {
    /// Claims the first due jobs: higher priority first, then earlier due, then earlier created.
    /// Each claimed job counts an attempt, and is returned with its lease and all of its items. No
    /// job goes to two workers. The claim skips types that are paused, and types at their limit of
    /// running jobs. It returns fewer jobs than requested if together they have more than 20,000
    /// items. An empty response means that no job was available.
    ///
    /// If the caller goes away before it has the response, the jobs return to the queue, and the
    /// attempts do not count. A call with the `call_id` of an earlier one of the same worker
    /// returns the jobs of that one that the worker still runs, under the same leases, begun anew.
    ///
    /// Errors: `invalid_request`, `overloaded` when the server has reached its limit of waiting
    /// claims.
    pub async fn claim_jobs(&self, mut claim: Claim) -> Result<Vec<Claimed>> {
        claim.check()?;
        self.check_types(&claim.job_types)?;
        request::note_worker(Some(&claim.worker_id));
        let mut job_types = std::mem::take(&mut claim.job_types);
        job_types.sort_unstable();
        job_types.dedup();
        // One allocation, shared by all parts of this process that store the types.
        let job_types: Arc<[String]> = job_types.into();
        let end = Instant::now() + Duration::from_secs(claim.wait_seconds.into());
        let place = if claim.wait_seconds > 0 {
            Some(self.waiting.enter(&job_types, self.bound_labels())?)
        } else {
            None
        };
        // Boxed futures, whose memory is free while the call waits.
        let _present = Box::pin(self.note_claim(&claim, &job_types)).await;
        loop {
            if let Some(place) = &place {
                place.look();
            }
            let claimed = Box::pin(self.claim_now(&claim, &job_types, end)).await?;
            if !claimed.is_empty() {
                // More jobs may be due than this claim asked for.
                self.waiting.wake(&job_types);
                self.workers.claimed(&claim.worker_id, claimed.len());
                if let [one] = claimed.as_slice() {
                    request::note_job(&one.job.id);
                }
                return Ok(claimed);
            }
            let Some(place) = &place else {
                return Ok(claimed);
            };
            if timeout_at(end, place.wait()).await.is_err() || self.waiting.is_closed() {
                return Ok(claimed);
            }
        }
    }

    /// Refuses types that the caller is not bound to: its worker would wait for them in vain.
    ///
    /// Errors: `outside_binding`.
    fn check_types(&self, job_types: &[String]) -> Result<()> {
        let Some(binding) = self.binding() else {
            return Ok(());
        };
        match job_types.iter().find(|one| !binding.holds_type(one)) {
            Some(outside) => Err(Error::OutsideBinding(format!(
                "The key of the call is bound to jobs of the types {}: leave {outside} out.",
                binding.job_types.join(", ")
            ))),
            None => Ok(()),
        }
    }

    /// Returns the labels that each job of the caller must have.
    fn bound_labels(&self) -> &[(String, String)] {
        self.binding().map_or(&[], |binding| &binding.labels)
    }

    /// Answers all waiting claims, and makes later claims return without a wait, because the server
    /// stops.
    pub fn end_waits(&self) {
        self.waiting.close();
    }

    /// Returns the number of claims of this process that wait for a job and do not query at the
    /// moment.
    pub fn idle_waits(&self) -> usize {
        self.waiting.idle()
    }

    /// Returns the number of claims of this process that wait for a job, including those that
    /// query.
    pub fn waits(&self) -> usize {
        self.waiting.count()
    }

    /// Returns when no claim is in progress, and no release of jobs that were claimed for a caller
    /// that went away.
    pub async fn claims_settled(&self) {
        self.waiting.settled().await;
    }

    async fn claim_now(
        &self,
        claim: &Claim,
        job_types: &[String],
        until: Instant,
    ) -> Result<Vec<Claimed>> {
        // Most queries find no due job. They need no transaction, which would block other writers.
        let now = self.now();
        let turn = self.waiting.turn(until).await?;
        let again = match &claim.call_id {
            Some(call_id) => was_claimed(self.db.read(), &claim.worker_id, call_id).await?,
            None => false,
        };
        let waiting = levels(self.db.read(), job_types).await?;
        drop(turn);
        let (due, later): (Vec<_>, Vec<_>) = waiting.iter().partition(|level| level.is_due(now));
        if let Some(next) = later.iter().map(|level| level.due_at).min() {
            self.waiting.expect(next);
        }
        if due.is_empty() && !again {
            return Ok(Vec::new());
        }
        // The levels are those of all jobs, whatever their labels.
        let labels = self.bound_labels();
        if !labels.is_empty() && !again {
            let _turn = self.waiting.turn(until).await?;
            if first_due(self.db.read(), job_types, labels, now, 1)
                .await?
                .is_empty()
            {
                return Ok(Vec::new());
            }
        }
        let write = ClaimJobs {
            worker_id: claim.worker_id.clone(),
            job_types: job_types.to_vec(),
            max_jobs: usize::try_from(claim.max_jobs).unwrap_or(usize::MAX),
            lease: TimeDelta::seconds(claim.lease_seconds.into()),
            claim_id: claim.call_id.clone(),
            clock: self.clock.clone(),
            chance: self.chance.clone(),
            new_token: if claim.job_tokens {
                Some(key_text::new_job_token)
            } else {
                None
            },
        };
        let (answer, outcome) = oneshot::channel();
        let this = self.clone();
        let pending = self.waiting.begin();
        tokio::spawn(async move {
            let _pending = pending;
            let claimed = this.db.commit(write).await;
            // If the caller is gone, dropping the value releases its jobs.
            let _ = answer.send(claimed.map(|claimed| OnTheWay {
                jobs: this,
                claimed,
            }));
        });
        match outcome.await {
            Ok(claimed) => claimed.map(OnTheWay::arrive),
            Err(_) => Err(Error::Internal("the claim panicked".to_owned())),
        }
    }
}
