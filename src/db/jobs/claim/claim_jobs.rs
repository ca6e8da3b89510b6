//! Claims: gives the due jobs that are first in order to a worker, each with a lease.

use crate::{
    clock::Clock,
    db::{
        Tx, Write,
        jobs::claim::{
            capacity::capacity,
            claim_size::items_that_fit,
            claimed_before,
            fitting_jobs::fitting_jobs,
            queue_head::first_sources,
            rank_level::{due, levels},
            select_due::{LockMode, select_due},
        },
        jobs::job_tokens::{NewJobToken, give_tokens},
    },
    error::Result,
    random::Random,
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::{job, job_item};
use std::sync::Arc;

/// Maximum items, or announced shots, of the jobs of one claim, unless the first job alone has
/// more. The response holds all of them, and a thousand jobs of ten thousand items would not fit
/// into memory.
const MAX_ITEMS: i64 = 20_000;

pub struct ClaimJobs {
    pub worker_id: String,
    /// Job types without duplicates.
    pub job_types: Vec<String>,
    pub max_jobs: usize,
    pub lease: TimeDelta,
    /// Id of the call. A call with the same id, of the same worker, gets the same jobs again.
    pub claim_id: Option<String>,
    /// Clock that starts the leases. A lease starts when it is granted, not when the worker asked
    /// for it: the write may have waited for its turn.
    pub clock: Arc<dyn Clock>,
    pub chance: Arc<dyn Random>,
    /// Makes a token for the program of each job; `None` if the worker wants none.
    pub new_token: Option<NewJobToken>,
}

/// Job that a worker has claimed.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Job with its lease.
    pub job: job::Model,
    /// All items of the job, in order.
    pub items: Vec<job_item::Model>,
    /// Text of the token for the job's program, if the worker asked for one.
    pub job_token: Option<String>,
}

impl Write for ClaimJobs {
    /// Claimed jobs, in the order in which to work on them.
    type Output = Vec<Claimed>;

    async fn apply(&self, tx: &Tx) -> Result<Vec<Claimed>> {
        let now = self.clock.now();
        if let Some(claim_id) = &self.claim_id {
            claimed_before::lock(tx, claim_id).await?;
            let again = claimed_before::claim_again(tx, self, claim_id, now).await?;
            if !again.is_empty() {
                return self.with_tokens(tx, again, now).await;
            }
        }
        let by = tx.by();
        let labels = by.as_ref().map_or(&[][..], |caller| &caller.binding.labels);
        let (mut room, limits) = capacity(tx, &self.job_types, self.max_jobs).await?;
        let (mut found, mut bytes, mut cut) = (Vec::new(), 0, false);
        for mut sources in due(levels(tx, &self.job_types).await?, now) {
            sources.retain(|source| room.get(&source.job_type).is_some_and(|room| *room > 0));
            while !sources.is_empty() && found.len() < self.max_jobs && !cut {
                let left = self.max_jobs - found.len();
                let first = first_sources(&mut sources, left);
                let asked: Vec<_> = first
                    .iter()
                    .filter_map(|source| Some((source, *room.get(&source.job_type)?)))
                    .collect();
                let fit = fitting_jobs(tx, now, &asked, labels, left, &mut bytes).await?;
                let jobs = select_due(tx, now, &asked, labels, fit.0, LockMode::Lock).await?;
                for job in &jobs {
                    room.entry(job.job_type.clone())
                        .and_modify(|room| *room -= 1);
                }
                cut = fit.1;
                found.extend(jobs);
            }
        }
        found.truncate(that_fit(&found));
        let items = items_that_fit(tx, &mut found).await?;
        let claimed = self.assign(tx, found, items, &limits, now).await?;
        self.with_tokens(tx, claimed, now).await
    }
}

/// Number of leading jobs that stay within [`MAX_ITEMS`] together; the first always does.
fn that_fit(jobs: &[job::Model]) -> usize {
    let mut items = 0;
    let fits = |(place, job): (usize, &job::Model)| {
        items += i64::from(job.total_shots);
        place == 0 || items <= MAX_ITEMS
    };
    jobs.iter()
        .enumerate()
        .map(fits)
        .take_while(|fits| *fits)
        .count()
}

impl ClaimJobs {
    async fn with_tokens(
        &self,
        tx: &Tx,
        mut claimed: Vec<Claimed>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Claimed>> {
        if let Some(new) = self.new_token {
            give_tokens(tx, &mut claimed, new, now).await?;
        }
        Ok(claimed)
    }
}
