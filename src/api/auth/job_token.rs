//! Calls of the program of a job, which has a token instead of a key.

use super::{
    acting::Acting,
    credentials::key_of,
    guarded::{Found, Needs},
};
use crate::{
    api::problem::Problem,
    jobs::{JobManager, Principal, is_job_token},
};
use entity::Role;
use poem::{Request, Result};
use std::sync::Arc;

/// Operations that take a job's token.
const OPERATIONS: [&str; 3] = ["heartbeat", "report_items", "list_items"];

/// A call with the token of a job.
pub struct JobCall {
    job_id: String,
    token: String,
}

/// Lease under which the program of a job calls, as data of the request.
#[derive(Clone)]
pub struct ProgramLease(String);

impl JobCall {
    /// Returns the call, if the request has a job's token.
    ///
    /// Errors: `role_missing` for an operation that takes none.
    pub fn of(request: &Request, needs: &Needs) -> Result<Option<Self>> {
        let Some(token) = key_of(request.headers()).filter(|key| is_job_token(key)) else {
            return Ok(None);
        };
        let path = request.uri().path();
        let job_id = match needs.find(request.method(), path) {
            Found::Operation(operation) if OPERATIONS.contains(&&*operation.id) => {
                operation.target(path)
            }
            _ => None,
        };
        let job_id = job_id.ok_or_else(|| {
            Problem::new(
                "role_missing",
                "The token of a job is good for its items, heartbeats and log lines alone.",
            )
        })?;
        Ok(Some(Self {
            job_id,
            token: token.to_owned(),
        }))
    }

    /// Attaches the caller and the lease to the request.
    ///
    /// Errors: `unauthenticated`.
    pub async fn enter(self, jobs: &JobManager, request: &mut Request) -> Result<()> {
        let lease = jobs.lease_of_token(&self.job_id, &self.token).await?;
        let principal = Principal {
            key_id: None,
            name: format!("job {}", self.job_id),
            role: Role::Worker,
            ..Principal::anyone()
        };
        request.set_data(Acting(Arc::new(jobs.acting(Arc::new(principal)))));
        request.set_data(ProgramLease(lease));
        Ok(())
    }
}

/// Returns the token of the lease for a call: that of the program's job, or the given one.
pub fn lease_of(request: &Request, given: Option<String>) -> Option<String> {
    let program = request.data::<ProgramLease>();
    program.map(|lease| lease.0.clone()).or(given)
}
