//! start_job.

use super::{IfVersion, JobManager, enter::enter, validate};
use crate::{
    db::write::{Change, Items},
    error::Result,
    lifecycle::{EventKind, Verb},
};
use entity::job;
use serde_json::json;

impl JobManager {
    /// The caller runs the job itself, without a lease: nobody else will be given it, and nobody notices if the caller
    /// is gone.
    ///
    /// Errors: `job_not_found`, `job_transition_illegal`, `version_mismatch`.
    pub async fn start_job(&self, id: &str, worker_id: Option<String>, if_version: IfVersion) -> Result<job::Model> {
        let mut checks = validate::Checks::default();
        if let Some(worker) = &worker_id {
            checks.name("/worker_id", worker, validate::WORKER);
        }
        checks.finish()?;
        self.change(id, if_version, Items::None, move |loaded, now| {
            started(&loaded.job, worker_id.clone(), now).map(Some)
        })
        .await
    }
}

pub(super) fn started(
    before: &job::Model,
    worker_id: Option<String>,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Change> {
    let mut job = enter(before, Verb::Start, now)?;
    job.attempt += 1;
    job.worker_id = worker_id;
    job.error_message = None;
    let told = json!({"attempt": job.attempt, "worker_id": job.worker_id});
    Ok(Change::of(EventKind::Started, job).telling(told))
}
