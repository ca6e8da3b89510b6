//! create_jobs: creates many jobs in one call, and accepts or refuses each of them separately.

use crate::{
    db::write::CreateJobs,
    error::{Error, FieldError, Location, Result},
    hex::hex,
    jobs::{Idempotency, JobManager, NewJob, create::check_new_job::check, validate},
    outbound::OutboundPolicy,
};
use entity::job;
use sha2::{Digest, Sha256};

/// Maximum number of jobs per call.
const MAX_JOBS: usize = 1000;

impl JobManager {
    /// Puts jobs in the queue, in one transaction, and returns one result per job, in order: a
    /// refused job does not affect the others. A validation error in any job refuses the whole
    /// call. If the idempotency key was used before with the same request, returns the jobs that
    /// the first call created.
    ///
    /// Errors: `invalid_request`, `item_conflict`, `idempotency_key_reused`; for each job
    /// `job_exists`, `series_not_found`, `episode_not_found`.
    pub async fn create_jobs(
        &self,
        new: Vec<NewJob>,
        idempotency: Option<Idempotency>,
    ) -> Result<Vec<Result<job::Model>>> {
        check_all(&new, self.webhook_policy())?;
        if let Some(idempotency) = &idempotency {
            idempotency.check()?;
        }
        let stamped = new.into_iter().map(|new| self.with_binding(new));
        let new = stamped.collect::<Result<Vec<_>>>()?;
        self.provide_webhooks(&new).await?;
        let idempotency = self.scoped(idempotency);
        let now = self.now();
        let promise = |i: usize| idempotency.as_ref().map(|all| of_one(all, i));
        let jobs = (0..)
            .zip(new)
            .map(|(i, new)| self.new_job(new, promise(i), now))
            .collect();
        let outcomes = self.db.commit(CreateJobs { jobs }).await?;
        Ok(outcomes
            .into_iter()
            .map(|outcome| outcome.map(|created| created.job))
            .collect())
    }
}

/// Derives the idempotency key of one job from that of the call, since each job needs a distinct
/// key.
fn of_one(all: &Idempotency, i: usize) -> Idempotency {
    let digest = Sha256::digest(&all.key);
    Idempotency {
        key: format!("bulk:{}:{i}", hex(&digest)),
        fingerprint: all.fingerprint.clone(),
    }
}

fn check_all(new: &[NewJob], policy: &OutboundPolicy) -> Result<()> {
    let mut checks = validate::Checks::default();
    if new.is_empty() || new.len() > MAX_JOBS {
        checks.fail(
            "/jobs",
            "out_of_range",
            format!("Give 1 to {MAX_JOBS} jobs; these are {}.", new.len()),
        );
        return checks.finish();
    }
    for (i, new) in new.iter().enumerate() {
        if checks.is_full() {
            break;
        }
        match check(new, None, policy) {
            Ok(()) => {}
            Err(Error::Invalid(errors)) => errors
                .into_iter()
                .for_each(|error| checks.add(within(i, error))),
            Err(Error::ItemConflict(error)) => return Err(Error::ItemConflict(within(i, error))),
            Err(other) => return Err(other),
        }
    }
    checks.finish()
}

fn within(i: usize, error: FieldError) -> FieldError {
    let place = match error.place {
        Location::Pointer(pointer) => Location::Pointer(format!("/jobs/{i}{pointer}")),
        parameter => parameter,
    };
    FieldError { place, ..error }
}
