//! retry_failed_items: what failed of a job becomes a job of its own.

use super::{Idempotency, JobManager, validate};
use crate::{
    db::write::{Created, RetryFailedItems},
    error::{Result, Thing},
};

impl JobManager {
    /// Makes a new job like the other, of only those of its items that failed. The other one stays as it is; it has to
    /// have ended, since until then its worker may still mend them. The new job's `context.retry_of` names it.
    ///
    /// Errors: `job_not_found`, `job_not_ended`, `no_failed_items`, `idempotency_key_reused`, `invalid_request`.
    pub async fn retry_failed_items(&self, id: &str, idempotency: Option<Idempotency>) -> Result<Created> {
        validate::may_exist(id, Thing::Job)?;
        let (key, fingerprint) = Idempotency::parts(idempotency)?;
        let write = RetryFailedItems {
            id: id.to_owned(),
            new_id: self.chance.id(),
            idempotency_key: key,
            idempotency_fingerprint: fingerprint,
            now: self.now(),
        };
        self.db.commit(write).await
    }
}
