//! Claimed jobs on their way to the caller. If it is gone, they return to the queue.

use crate::{
    db::write::{ChangeJob, ChangeJobs, Claimed, Items, Loaded},
    jobs::{JobManager, stamped, work::release_job::released},
};
use entity::job;

/// Claimed jobs that the caller has not received yet. Dropping them returns them to the queue.
pub(super) struct OnTheWay {
    pub(super) jobs: JobManager,
    pub(super) claimed: Vec<Claimed>,
}

impl OnTheWay {
    /// Returns the jobs to the caller.
    pub(super) fn arrive(mut self) -> Vec<Claimed> {
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

impl JobManager {
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
