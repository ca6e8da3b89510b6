//! claim_jobs: gives the next jobs of the queues to a worker, each under a lease.

use crate::{
    db::write::{ChangeJob, ChangeJobs, ClaimJobs, Items, Loaded, first_due, levels, was_claimed},
    error::{Error, Result},
    jobs::{JobManager, catalog::keys::key_text, stamped, validate, work::release_job::released},
    telemetry::request,
};
use chrono::TimeDelta;
use entity::job;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};

pub use crate::db::write::Claimed;

/// Maximum duration of a lease, in seconds: one day.
pub(in crate::jobs) const MAX_LEASE_SECONDS: u32 = 24 * 60 * 60;

/// Maximum number of jobs per claim.
const MAX_JOBS: u32 = 1000;

/// Maximum number of job types per claim.
const MAX_TYPES: usize = 100;

/// Maximum time that a claim may wait for a job, in seconds.
const MAX_WAIT_SECONDS: u32 = 60;

/// Request of a worker for jobs.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Name of the worker: 1 to 200 visible characters.
    pub worker_id: String,
    /// Job types that the worker accepts: 1 to 100.
    pub job_types: Vec<String>,
    /// Maximum number of jobs to return: 1 to 1000.
    pub max_jobs: u32,
    /// Duration of the lease in seconds, 1 to 86400: the longest time between two heartbeats.
    pub lease_seconds: u32,
    /// Time to wait for a job if none is due, in seconds: 0 to 60.
    pub wait_seconds: u32,
    /// Host that the worker runs on.
    pub host: Option<String>,
    /// Version of the worker's program.
    pub version: Option<String>,
    /// Id of the call, 1 to 64 visible characters: the same call asked again gets the same jobs.
    pub call_id: Option<String>,
    /// Whether each job comes with a token for its program.
    pub job_tokens: bool,
}

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
        check(&claim)?;
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

    /// Releases jobs whose claimer is gone, so that they need not wait for their leases to expire.
    async fn take_back(&self, claimed: Vec<Claimed>) {
        let releases: Vec<_> = claimed
            .into_iter()
            .map(|one| self.undelivered(one))
            .collect();
        let jobs = releases.len();
        match self.db.commit(ChangeJobs(releases)).await {
            Ok(_) => tracing::info!(
                jobs,
                "a worker disconnected before it received its jobs; they are queued again"
            ),
            Err(error) => {
                tracing::warn!(jobs, %error, "cannot release the jobs of a disconnected worker; \
                    they stay assigned until their leases expire")
            }
        }
    }
}

impl JobManager {
    /// Returns the release of a job whose claimer is gone, unless the same call was asked again
    /// meanwhile, which began its lease anew.
    fn undelivered(&self, claimed: Claimed) -> ChangeJob {
        let clock = self.clock.clone();
        let job::Model {
            id,
            lease_token,
            lease_expires_at,
            ..
        } = claimed.job;
        let decide = Box::new(move |loaded: &Loaded| {
            if loaded.job.lease_expires_at != lease_expires_at {
                return Ok(None);
            }
            let now = clock.now();
            let change = released(loaded, lease_token.as_deref(), now)?;
            Ok(change.map(|change| stamped(change, now)))
        });
        ChangeJob {
            id,
            if_version: None,
            items: Items::Counted,
            weight: 0,
            decide,
        }
    }
}

/// Claimed jobs that the caller has not received yet. Dropping them returns them to the queue.
struct OnTheWay {
    jobs: JobManager,
    claimed: Vec<Claimed>,
}

impl OnTheWay {
    fn arrive(mut self) -> Vec<Claimed> {
        std::mem::take(&mut self.claimed)
    }
}

impl Drop for OnTheWay {
    fn drop(&mut self) {
        let claimed = std::mem::take(&mut self.claimed);
        if let (false, Ok(runtime)) = (claimed.is_empty(), tokio::runtime::Handle::try_current()) {
            let jobs = self.jobs.clone();
            let pending = jobs.waiting.begin();
            runtime.spawn(async move {
                jobs.take_back(claimed).await;
                drop(pending);
            });
        }
    }
}

fn check(claim: &Claim) -> Result<()> {
    let mut checks = validate::Checks::default();
    checks.name(
        "/worker_id",
        &claim.worker_id,
        validate::MAX_WORKER_ID_CHARS,
    );
    let types = claim.job_types.len();
    if types == 0 || types > MAX_TYPES {
        checks.fail(
            "/job_types",
            "out_of_range",
            format!("Name 1 to {MAX_TYPES} types; these are {types}."),
        );
    }
    for (i, kind) in claim.job_types.iter().enumerate().take(MAX_TYPES) {
        checks.job_type(format_args!("/job_types/{i}"), kind);
    }
    checks.range("/max_jobs", Some(claim.max_jobs), 1, MAX_JOBS);
    checks.range(
        "/lease_seconds",
        Some(claim.lease_seconds),
        1,
        MAX_LEASE_SECONDS,
    );
    checks.range(
        "/wait_seconds",
        Some(claim.wait_seconds),
        0,
        MAX_WAIT_SECONDS,
    );
    checks.text("/host", claim.host.as_deref(), validate::MAX_SHORT_CHARS);
    checks.text("/version", claim.version.as_deref(), 50);
    if let Some(call_id) = &claim.call_id {
        checks.name("/call_id", call_id, validate::MAX_ID_CHARS);
    }
    checks.finish()
}
