//! retry_failed_items: creates a new job from the failed items of another job.

use crate::{
    db::write::{Created, RetryFailedItems},
    error::{Resource, Result},
    jobs::{Idempotency, JobManager, validate},
};

impl JobManager {
    /// Creates a job like the given one, with only its failed items. The given job stays unchanged;
    /// it must have ended, since until then its worker may still repair them. The new job names it
    /// in `context.retry_of`.
    ///
    /// Errors: `job_not_found`, `job_not_ended`, `no_failed_items`, `idempotency_key_reused`,
    /// `invalid_request`.
    pub async fn retry_failed_items(
        &self,
        id: &str,
        idempotency: Option<Idempotency>,
    ) -> Result<Created> {
        validate::may_exist(id, Resource::Job)?;
        let (key, fingerprint) = self.idempotency_columns(idempotency)?;
        let write = RetryFailedItems {
            id: id.to_owned(),
            new_id: self.chance.id(),
            idempotency_key: key,
            idempotency_fingerprint: fingerprint,
            created_by: self.caller_id(),
            now: self.now(),
        };
        let created = self.db.commit(write).await;
        self.or_archived(id, created).await
    }
}
