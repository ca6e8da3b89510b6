//! claim_jobs: what is to be worked on next, given to a worker under a lease a job.

use super::{
    JobManager,
    outcomes::{Ending, Outcome},
    validate,
};
use crate::{
    db::write::{ClaimJobs, levels},
    error::{Error, Result},
};
use chrono::TimeDelta;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};

pub use crate::db::write::Claimed;

/// Longest lease, in seconds: a day.
pub(super) const LONGEST_LEASE: u32 = 24 * 60 * 60;

/// Jobs of one claim.
const MOST_JOBS: u32 = 1000;

/// Types of one claim.
const MOST_TYPES: usize = 100;

/// Longest wait for a job, in seconds.
const LONGEST_WAIT: u32 = 60;

/// What a worker asks for.
#[derive(Clone, Debug)]
pub struct Claim {
    /// 1 to 200 visible characters.
    pub worker_id: String,
    /// 1 to 100 types.
    pub job_types: Vec<String>,
    /// 1 to 1000.
    pub max_jobs: u32,
    /// 1 to 86400: how long the worker may be silent.
    pub lease_seconds: u32,
    /// 0 to 60: how long to wait for a job when there is none.
    pub wait_seconds: u32,
    /// Where the worker runs.
    pub host: Option<String>,
    /// Of the worker's program.
    pub version: Option<String>,
}

impl JobManager {
    /// Gives the worker the jobs that come first: higher priority, then earlier due, then earlier created. Each counts
    /// an attempt, and comes with its lease and all of its items. No job is given twice, and none of a type that is
    /// paused or of which as many run as may. They are fewer than asked for when together they have more than 20,000
    /// items. An empty answer means that there was nothing to do.
    ///
    /// When the caller goes away before it has the answer, the jobs go back to the queue, and the attempts with them.
    ///
    /// Errors: `invalid_request`, `overloaded` when more claims wait than the server holds.
    pub async fn claim_jobs(&self, mut claim: Claim) -> Result<Vec<Claimed>> {
        check(&claim)?;
        let mut job_types = std::mem::take(&mut claim.job_types);
        job_types.sort_unstable();
        job_types.dedup();
        // Held once, however many places of this process know them.
        let job_types: Arc<[String]> = job_types.into();
        let end = Instant::now() + Duration::from_secs(claim.wait_seconds.into());
        let place = if claim.wait_seconds > 0 { Some(self.waiting.enter(&job_types)?) } else { None };
        // In boxes of their own, which are gone while the call waits.
        let _present = Box::pin(self.note_claim(&claim, &job_types)).await;
        loop {
            if let Some(place) = &place {
                place.look();
            }
            let claimed = Box::pin(self.claim_now(&claim, &job_types, end)).await?;
            if !claimed.is_empty() {
                // There may be more than was asked for.
                self.waiting.wake(&job_types);
                self.workers.claimed(&claim.worker_id, claimed.len());
                return Ok(claimed);
            }
            let Some(place) = &place else { return Ok(claimed) };
            if timeout_at(end, place.wait()).await.is_err() || self.waiting.is_closed() {
                return Ok(claimed);
            }
        }
    }

    /// Claims that wait are answered, and no later one waits: the server stops.
    pub fn end_waits(&self) {
        self.waiting.close();
    }

    /// Claims of this process that wait for a job, and are not looking for one just now.
    pub fn idle_waits(&self) -> usize {
        self.waiting.idle()
    }

    /// Claims of this process that wait for a job, be they looking for one just now or not.
    pub fn waits(&self) -> usize {
        self.waiting.count()
    }

    /// Returns when no claim is under way, and no release of what was claimed for someone who went away.
    pub async fn claims_settled(&self) {
        self.waiting.settled().await;
    }

    async fn claim_now(&self, claim: &Claim, job_types: &[String], until: Instant) -> Result<Vec<Claimed>> {
        // Most looks find nothing: they need no transaction, in which others would have to wait.
        let now = self.now();
        let turn = self.waiting.turn(until).await?;
        let waiting = levels(self.db.read(), job_types).await?;
        drop(turn);
        let (due, later): (Vec<_>, Vec<_>) =
            waiting.iter().map(|level| level.due_at).partition(|due_at| *due_at <= now);
        if let Some(next) = later.into_iter().min() {
            self.waiting.expect(next);
        }
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let write = ClaimJobs {
            worker_id: claim.worker_id.clone(),
            job_types: job_types.to_vec(),
            max_jobs: usize::try_from(claim.max_jobs).unwrap_or(usize::MAX),
            lease: TimeDelta::seconds(claim.lease_seconds.into()),
            clock: self.clock.clone(),
            chance: self.chance.clone(),
        };
        let (answer, outcome) = oneshot::channel();
        let this = self.clone();
        let pending = self.waiting.begin();
        tokio::spawn(async move {
            let _pending = pending;
            let claimed = this.db.commit(write).await;
            // When nobody is there to take it, or to read it, it is dropped on the way.
            let _ = answer.send(claimed.map(|claimed| OnTheWay { jobs: this, claimed }));
        });
        match outcome.await {
            Ok(claimed) => claimed.map(OnTheWay::arrive),
            Err(_) => Err(Error::Internal("the claim panicked".to_owned())),
        }
    }

    /// Nobody works on these jobs: better now than when their leases end.
    async fn take_back(&self, claimed: Vec<Claimed>) {
        let release = |claimed: Claimed| Outcome {
            job_id: claimed.job.id,
            lease_token: claimed.job.lease_token,
            ending: Ending::Released,
        };
        let outcomes: Vec<_> = claimed.into_iter().map(release).collect();
        let jobs = outcomes.len();
        match self.report_outcomes(outcomes).await {
            Ok(_) => tracing::info!(jobs, "a worker went away before it was given its jobs: they are queued again"),
            Err(error) => tracing::warn!(jobs, %error, "jobs of a worker that went away wait for their leases to end"),
        }
    }
}

/// Claimed jobs that the caller does not have yet.
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
    checks.name("/worker_id", &claim.worker_id, validate::WORKER);
    let types = claim.job_types.len();
    if types == 0 || types > MOST_TYPES {
        checks.fail("/job_types", "out_of_range", format!("Name 1 to {MOST_TYPES} types; these are {types}."));
    }
    for (i, kind) in claim.job_types.iter().enumerate().take(MOST_TYPES) {
        checks.job_type(format_args!("/job_types/{i}"), kind);
    }
    checks.range("/max_jobs", Some(claim.max_jobs), 1, MOST_JOBS);
    checks.range("/lease_seconds", Some(claim.lease_seconds), 1, LONGEST_LEASE);
    checks.range("/wait_seconds", Some(claim.wait_seconds), 0, LONGEST_WAIT);
    checks.text("/host", claim.host.as_deref(), validate::SHORT);
    checks.text("/version", claim.version.as_deref(), 50);
    checks.finish()
}
