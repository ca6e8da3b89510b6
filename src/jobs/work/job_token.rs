//! Tokens of the programs that workers run: each is good for the items, heartbeats and log lines of
//! one job, while its lease lasts.

use crate::{
    db::write::PruneJobTokens,
    error::{Error, Result},
    hex::hex,
    jobs::{JobManager, catalog::keys::key_text},
};

/// Maximum rows that one transaction deletes; other writers run in between.
const MAX_BATCH: u64 = 2000;

const ENDED: &str =
    "The token is not of this job, or the job's lease has ended: stop working on it.";

/// Returns whether a text has the form of a job's token, and its checksum.
pub fn is_job_token(text: &str) -> bool {
    key_text::is_job_token(text)
}

impl JobManager {
    /// Returns the token of the lease that a job's token belongs to.
    ///
    /// Errors: `unauthenticated`.
    pub async fn lease_of_token(&self, job_id: &str, text: &str) -> Result<String> {
        let hash = hex(&key_text::hash(text));
        let lease = self.db.lease_of_token(job_id, &hash).await?;
        lease.ok_or(Error::Unauthenticated(ENDED))
    }

    /// Deletes the tokens whose leases have ended. Returns their number.
    pub async fn prune_job_tokens(&self) -> Result<u64> {
        let mut deleted = 0;
        loop {
            let at_most = MAX_BATCH;
            let batch = self.db.commit(PruneJobTokens { at_most }).await?;
            deleted += batch;
            if batch < at_most {
                return Ok(deleted);
            }
        }
    }
}
