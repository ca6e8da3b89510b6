//! Loops of a server: what has to be done again and again, on every server of a database at once.
//!
//! Each is a verb that may be called at any time, does what there is to do, and says how much it did: that is what tests
//! call. Here it is called again after its period, after a while when it failed, and how it went can be looked at.

use crate::{
    error::Result,
    jobs::{JobManager, PrunedImports},
};
use chrono::TimeDelta;
use futures_util::FutureExt;
use std::{future::Future, panic::AssertUnwindSafe, time::Duration};
use tokio::task::JoinSet;

/// Leases that have run out are looked for this often; with the spread, at most one and a half times this.
const RESCUE: Duration = Duration::from_secs(1);

const NOTE_WORKERS: Duration = Duration::from_secs(2);

const FORGET_WORKERS: Duration = Duration::from_secs(600);

const GIVE_UP_IMPORTS: Duration = Duration::from_secs(30);

const ROLL_UP_STATS: Duration = Duration::from_secs(5);

/// Actions that another server began, or left.
const RUN_ACTIONS: Duration = Duration::from_secs(5);

const CHECK_CLOCK: Duration = Duration::from_secs(60);

/// What is said about a clock that is more than this beside the others. Leases are compared with the clock of whichever
/// server looks, and the shortest is a second.
const BESIDE: TimeDelta = TimeDelta::seconds(1);

const CLEAN_UP: Duration = Duration::from_secs(60 * 60);

/// Before a task that panicked begins again.
const AGAIN: Duration = Duration::from_secs(1);

const PRUNE_IMPORTS: Duration = Duration::from_secs(60 * 60);

/// The loops of one server, for as long as this is kept.
pub struct Loops(JoinSet<()>);

impl Loops {
    /// History of jobs that ended so many days ago is taken away, and so are imports; none where that is not said.
    pub fn start(jobs: &JobManager, keep_history_days: Option<u32>, keep_imports_days: Option<u32>) -> Self {
        let mut loops = Self(JoinSet::new());
        let each = |name, period| Runner { name, period, jobs: jobs.clone() };
        loops.0.spawn(each("rescue_jobs", RESCUE).run(rescue_jobs));
        loops.0.spawn(each("note_workers", NOTE_WORKERS).run(|jobs| async move { jobs.note_workers().await }));
        loops.0.spawn(each("forget_workers", FORGET_WORKERS).run(|jobs| async move { jobs.forget_workers().await }));
        loops.0.spawn(each("give_up_imports", GIVE_UP_IMPORTS).run(give_up_imports));
        loops.0.spawn(each("roll_up_stats", ROLL_UP_STATS).run(|jobs| async move { jobs.roll_up_stats().await }));
        loops.0.spawn(each("run_actions", RUN_ACTIONS).run(|jobs| async move { jobs.run_actions().await }));
        loops.0.spawn(each("check_clock", CHECK_CLOCK).run(check_clock));
        loops.0.spawn(each("prune_imports", PRUNE_IMPORTS).run(move |jobs| prune_imports(jobs, keep_imports_days)));
        if let Some(days) = keep_history_days {
            loops.0.spawn(each("clean_up", CLEAN_UP).run(move |jobs| clean_up(jobs, days)));
        }
        loops
    }

    /// Waits until each has come to an end of what it is at, but no longer than this. None of them runs any more when it
    /// returns.
    pub async fn end(mut self, grace: Duration) {
        let all = async { while self.0.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(grace, all).await;
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

async fn give_up_imports(jobs: JobManager) -> Result<u64> {
    let runs = jobs.give_up_imports().await?;
    if runs > 0 {
        tracing::warn!(runs, "imports were given up: their process is gone");
    }
    Ok(runs)
}

/// Counts how often the clock was wrong.
async fn check_clock(jobs: JobManager) -> Result<u64> {
    let Some(ahead) = jobs.clock_ahead().await?.filter(|ahead| ahead.abs() > BESIDE) else { return Ok(0) };
    tracing::warn!(
        seconds_ahead = ahead.as_seconds_f64(),
        "the clock of this server is not that of the database: leases may be taken too early or too late; set both by NTP"
    );
    Ok(1)
}

async fn clean_up(jobs: JobManager, keep_days: u32) -> Result<u64> {
    let events = jobs.clean_up(TimeDelta::days(keep_days.into())).await?;
    if events > 0 {
        tracing::info!(events, "old history was taken away");
    }
    Ok(events)
}

/// Begins again with what ends only in a panic, until it is dropped.
pub async fn for_ever<F: Future<Output = ()>>(name: &'static str, task: impl Fn() -> F) {
    loop {
        if AssertUnwindSafe(async { task().await }).catch_unwind().await.is_err() {
            tracing::error!(name, "a task of the server panicked: beginning again");
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn prune_imports(jobs: JobManager, keep_days: Option<u32>) -> Result<u64> {
    let pruned = jobs.prune_imports(keep_days.map(|days| TimeDelta::days(days.into()))).await?;
    if pruned != PrunedImports::default() {
        tracing::info!(runs = pruned.runs, emptied = pruned.emptied, "old imports were taken away");
    }
    Ok(pruned.runs + pruned.emptied)
}

/// One loop.
struct Runner {
    name: &'static str,
    period: Duration,
    jobs: JobManager,
}

impl Runner {
    /// Calls `once` now and again and again, until the server is about to end. The servers of a database do not keep in
    /// step.
    async fn run<F: Future<Output = Result<u64>>>(self, once: impl Fn(JobManager) -> F) {
        self.jobs.loop_began(self.name, self.period);
        loop {
            // What a run left half-way is in its transaction, which is undone.
            match AssertUnwindSafe(async { once(self.jobs.clone()).await }).catch_unwind().await {
                Ok(done) => {
                    if let Err(error) = &done {
                        tracing::warn!(name = self.name, %error, "a loop of the server could not do its work: trying again");
                    }
                    self.jobs.loop_ran(self.name, done);
                }
                Err(_) => {
                    tracing::error!(name = self.name, "a loop of the server panicked: trying again");
                    self.jobs.loop_panicked(self.name);
                }
            }
            tokio::select! {
                () = self.jobs.ending() => return,
                () = self.woken() => {}
                () = tokio::time::sleep(self.period.mul_f64(0.5 + fastrand::f64())) => {}
            }
        }
    }

    /// Returns when there is something to do before the period is over.
    async fn woken(&self) {
        match self.name {
            "run_actions" => self.jobs.action_begun().await,
            _ => std::future::pending().await,
        }
    }
}
