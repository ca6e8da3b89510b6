//! start_job: starts a job that the caller runs itself.

use crate::{
    db::write::{Change, Items, run_until},
    error::{Error, Result},
    jobs::{IfVersion, JobManager, apply_transition::apply_transition, validate},
    lifecycle::{EventKind, Verb, next_attempt},
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::job;
use serde_json::json;

impl JobManager {
    /// Starts a job that the caller runs itself; no claim returns it. Without a lease, the server
    /// does not notice if the caller is gone. The settings of the job's queue do not apply.
    ///
    /// Errors: `job_not_found`, `job_transition_illegal`, `version_mismatch`.
    pub async fn start_job(
        &self,
        id: &str,
        worker_id: Option<String>,
        if_version: IfVersion,
    ) -> Result<job::Model> {
        self.start(id, worker_id, None, if_version).await
    }

    /// Starts a job like [`JobManager::start_job`], under a lease of 1 to 86400 seconds. The
    /// returned row contains the token.
    ///
    /// Errors: `invalid_request`, `job_not_found`, `job_transition_illegal`, `version_mismatch`.
    pub async fn start_job_leased(
        &self,
        id: &str,
        worker_id: Option<String>,
        lease_seconds: u32,
        if_version: IfVersion,
    ) -> Result<job::Model> {
        self.start(id, worker_id, Some(lease_seconds), if_version)
            .await
    }

    async fn start(
        &self,
        id: &str,
        worker_id: Option<String>,
        lease_seconds: Option<u32>,
        if_version: IfVersion,
    ) -> Result<job::Model> {
        let mut checks = validate::Checks::default();
        if let Some(worker) = &worker_id {
            checks.name("/worker_id", worker, validate::MAX_WORKER_ID_CHARS);
        }
        checks.range(
            "/lease_seconds",
            lease_seconds,
            1,
            validate::MAX_LEASE_SECONDS,
        );
        checks.finish()?;
        let token = self.chance.id();
        self.change(id, if_version, Items::None, move |loaded, now| {
            let lease = lease_seconds.map(|s| (token.clone(), now + TimeDelta::seconds(s.into())));
            started(&loaded.job, worker_id.clone(), lease, now).map(Some)
        })
        .await
    }
}

pub(in crate::jobs) fn started(
    before: &job::Model,
    worker_id: Option<String>,
    lease: Option<(String, DateTime<Utc>)>,
    now: DateTime<Utc>,
) -> Result<Change> {
    let mut job = apply_transition(before, Verb::Start, now)?;
    job.attempt = next_attempt(before.attempt).ok_or(Error::CounterExhausted)?;
    job.worker_id = worker_id;
    (job.lease_token, job.lease_expires_at) = lease.unzip();
    job.error_message = None;
    job.run_until = run_until(job.max_run_seconds, now);
    let event_data = json!({"attempt": job.attempt, "worker_id": job.worker_id});
    Ok(Change::of(EventKind::Started, job).with_data(event_data))
}
