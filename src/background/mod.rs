//! Loops of a server: what has to be done again and again, on every server of a database at once.
//!
//! Each is a verb that may be called at any time, does what there is to do, and says how much it did: that is what tests
//! call. Here it is called again after its period, after a while when it failed, and how it went can be looked at.

use crate::{error::Result, jobs::JobManager};
use std::{future::Future, time::Duration};
use tokio::task::JoinSet;

/// Leases that have run out are looked for this often; with the spread, at most one and a half times this.
const RESCUE: Duration = Duration::from_secs(1);

const NOTE_WORKERS: Duration = Duration::from_secs(2);

const FORGET_WORKERS: Duration = Duration::from_secs(600);

const GIVE_UP_IMPORTS: Duration = Duration::from_secs(30);

/// The loops of one server, for as long as this is kept.
pub struct Loops(JoinSet<()>);

impl Loops {
    pub fn start(jobs: &JobManager) -> Self {
        let mut loops = Self(JoinSet::new());
        let each = |name, period| Runner { name, period, jobs: jobs.clone() };
        loops.0.spawn(each("rescue_jobs", RESCUE).run(rescue_jobs));
        loops.0.spawn(each("note_workers", NOTE_WORKERS).run(note_workers));
        loops.0.spawn(each("forget_workers", FORGET_WORKERS).run(forget_workers));
        loops.0.spawn(each("give_up_imports", GIVE_UP_IMPORTS).run(give_up_imports));
        loops
    }

    /// None of them runs any more when it returns.
    pub async fn end(mut self) {
        self.0.shutdown().await;
    }
}

async fn rescue_jobs(jobs: JobManager) -> Result<u64> {
    let rescued = jobs.rescue_jobs().await?;
    if rescued > 0 {
        tracing::warn!(rescued, "jobs were taken from workers that were not heard of in time");
    }
    Ok(rescued)
}

async fn note_workers(jobs: JobManager) -> Result<u64> {
    jobs.note_workers().await
}

async fn forget_workers(jobs: JobManager) -> Result<u64> {
    jobs.forget_workers().await
}

async fn give_up_imports(jobs: JobManager) -> Result<u64> {
    let runs = jobs.give_up_imports().await?;
    if runs > 0 {
        tracing::warn!(runs, "imports were given up: their process is gone");
    }
    Ok(runs)
}

/// One loop.
struct Runner {
    name: &'static str,
    period: Duration,
    jobs: JobManager,
}

impl Runner {
    /// Calls `once` now and again and again. The servers of a database do not keep in step.
    async fn run<F: Future<Output = Result<u64>>>(self, once: impl Fn(JobManager) -> F) {
        loop {
            let done = once(self.jobs.clone()).await;
            if let Err(error) = &done {
                tracing::warn!(name = self.name, %error, "a loop of the server could not do its work: trying again");
            }
            self.jobs.loop_ran(self.name, done);
            tokio::time::sleep(self.period.mul_f64(0.5 + fastrand::f64())).await;
        }
    }
}
