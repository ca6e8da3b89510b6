//! Background loops, which run on every server of a database at the same time.
//!
//! Each loop calls a method that may be called at any time, does the work that is due, and returns
//! how much it did; tests call these methods directly. This module calls them again after a period,
//! also after errors and panics, and records the result of each run.

use crate::{
    error::Result,
    jobs::{JobManager, PrunedImports},
};
use chrono::TimeDelta;
use futures_util::FutureExt;
use std::{future::Future, panic::AssertUnwindSafe, time::Duration};
use tokio::task::JoinSet;

/// Period of the search for leases that have run out; with jitter, at most one and a half times
/// this.
const RESCUE_PERIOD: Duration = Duration::from_secs(1);

const NOTE_WORKERS_PERIOD: Duration = Duration::from_secs(2);

const FORGET_WORKERS_PERIOD: Duration = Duration::from_secs(600);

const FAIL_ORPHANED_IMPORTS_PERIOD: Duration = Duration::from_secs(30);

const ROLL_UP_STATS_PERIOD: Duration = Duration::from_secs(5);

/// Period of the search for actions that another server began or abandoned.
const RUN_ACTIONS_PERIOD: Duration = Duration::from_secs(5);

const CHECK_CLOCK_PERIOD: Duration = Duration::from_secs(60);

/// Difference to the database's clock from which the server logs a warning. Any server may compare
/// a lease with its own clock, and the shortest lease is one second.
const MAX_CLOCK_SKEW: TimeDelta = TimeDelta::seconds(1);

const PRUNE_EVENTS_PERIOD: Duration = Duration::from_secs(60 * 60);

const PRUNE_IMPORTS_PERIOD: Duration = Duration::from_secs(60 * 60);

const PRUNE_LOG_LINES_PERIOD: Duration = Duration::from_secs(5);

/// Bounds of what a server keeps; `None` sets no bound.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounds {
    /// Days for which the history of an ended job is kept.
    pub history_days: Option<u32>,
    /// Days for which an ended import is kept.
    pub imports_days: Option<u32>,
    /// Log lines that are kept of a job.
    pub log_lines: Option<u64>,
}

/// Running loops of one server; dropping them stops them.
pub struct Loops(JoinSet<()>);

impl Loops {
    /// Starts the loops, which keep as much as the bounds say.
    pub fn start(jobs: &JobManager, bounds: Bounds) -> Self {
        let Bounds {
            history_days,
            imports_days,
            log_lines,
        } = bounds;
        let mut loops = Self(JoinSet::new());
        let each = |name, period| Runner {
            name,
            period,
            jobs: jobs.clone(),
        };
        loops
            .0
            .spawn(each("rescue_jobs", RESCUE_PERIOD).run(rescue_jobs));
        loops.0.spawn(
            each("note_workers", NOTE_WORKERS_PERIOD)
                .run(|jobs| async move { jobs.note_workers().await }),
        );
        loops.0.spawn(
            each("forget_workers", FORGET_WORKERS_PERIOD)
                .run(|jobs| async move { jobs.forget_workers().await }),
        );
        loops
            .0
            .spawn(each("give_up_imports", FAIL_ORPHANED_IMPORTS_PERIOD).run(give_up_imports));
        loops.0.spawn(
            each("roll_up_stats", ROLL_UP_STATS_PERIOD)
                .run(|jobs| async move { jobs.roll_up_stats().await }),
        );
        loops.0.spawn(
            each("run_actions", RUN_ACTIONS_PERIOD)
                .run(|jobs| async move { jobs.run_actions().await }),
        );
        loops
            .0
            .spawn(each("check_clock", CHECK_CLOCK_PERIOD).run(check_clock));
        loops.0.spawn(
            each("prune_imports", PRUNE_IMPORTS_PERIOD)
                .run(move |jobs| prune_imports(jobs, imports_days)),
        );
        if let Some(keep) = log_lines {
            loops.0.spawn(
                each("prune_log_lines", PRUNE_LOG_LINES_PERIOD)
                    .run(move |jobs| async move { jobs.prune_log_lines(keep).await }),
            );
        }
        if let Some(days) = history_days {
            loops
                .0
                .spawn(each("clean_up", PRUNE_EVENTS_PERIOD).run(move |jobs| clean_up(jobs, days)));
        }
        loops
    }

    /// Waits up to `grace` until each loop has finished its current run, then stops those that have
    /// not. No loop runs after the return.
    pub async fn end(mut self, grace: Duration) {
        let all = async { while self.0.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(grace, all).await;
        self.0.shutdown().await;
    }
}

async fn rescue_jobs(jobs: JobManager) -> Result<u64> {
    let ahead = jobs.set_clock().await;
    let rescued = match ahead {
        Ok(ahead) => jobs.watch_leases(ahead).await?,
        Err(error) => {
            jobs.lease_watch_failed();
            return Err(error);
        }
    };
    if rescued > 0 {
        tracing::warn!(
            rescued,
            "rescued jobs whose leases ended without a heartbeat"
        );
    }
    Ok(rescued)
}

async fn give_up_imports(jobs: JobManager) -> Result<u64> {
    let runs = jobs.fail_orphaned_imports().await?;
    if runs > 0 {
        tracing::warn!(
            runs,
            "imports failed because their process is gone: start them again"
        );
    }
    Ok(runs)
}

/// Logs a warning if the server's clock is wrong. Returns 1 if it is, otherwise 0.
async fn check_clock(jobs: JobManager) -> Result<u64> {
    let Some(ahead) = jobs
        .clock_ahead()
        .await?
        .filter(|ahead| ahead.abs() > MAX_CLOCK_SKEW)
    else {
        return Ok(0);
    };
    tracing::warn!(
        seconds_ahead = ahead.as_seconds_f64(),
        "the clocks of this server and the database differ: leases may end too early or too late; \
        synchronise both with NTP"
    );
    Ok(1)
}

async fn clean_up(jobs: JobManager, keep_days: u32) -> Result<u64> {
    let events = jobs.prune_events(TimeDelta::days(keep_days.into())).await?;
    if events > 0 {
        tracing::info!(events, "old job history deleted");
    }
    Ok(events)
}

async fn prune_imports(jobs: JobManager, keep_days: Option<u32>) -> Result<u64> {
    let pruned = jobs
        .prune_imports(keep_days.map(|days| TimeDelta::days(days.into())))
        .await?;
    if pruned != PrunedImports::default() {
        tracing::info!(
            runs = pruned.runs,
            emptied = pruned.emptied,
            "old imports deleted"
        );
    }
    Ok(pruned.runs + pruned.emptied)
}

/// One loop with its name and its period.
struct Runner {
    name: &'static str,
    period: Duration,
    jobs: JobManager,
}

impl Runner {
    /// Calls `once` at once and then repeatedly, until the server shuts down. The delay is half to
    /// one and a half periods, so that the servers of a database do not run in step.
    async fn run<F: Future<Output = Result<u64>>>(self, once: impl Fn(JobManager) -> F) {
        self.jobs.loop_began(self.name, self.period);
        loop {
            // A panic leaves no half-done work: the database rolls back the transaction.
            match AssertUnwindSafe(async { once(self.jobs.clone()).await })
                .catch_unwind()
                .await
            {
                Ok(done) => {
                    if let Err(error) = &done {
                        tracing::warn!(name = self.name, %error, "a background loop failed; it \
                            will run again");
                    }
                    self.jobs.loop_ran(self.name, done);
                }
                Err(_) => {
                    tracing::error!(
                        name = self.name,
                        "a background loop panicked; it will run again (please report this as a \
                        bug)"
                    );
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

    /// Returns when there is work before the period is over.
    async fn woken(&self) {
        match self.name {
            "run_actions" => self.jobs.action_begun().await,
            _ => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_loop_that_panics_is_counted_and_goes_on() {
        let jobs = JobManager::detached();
        let runner = Runner {
            name: "test",
            period: Duration::from_millis(1),
            jobs: jobs.clone(),
        };
        let running = tokio::spawn(runner.run(|_| async { panic!("a bug") }));
        let panics = || {
            jobs.list_loops()
                .first()
                .map_or(0, |(_, status)| status.panics)
        };
        while panics() < 3 {
            tokio::task::yield_now().await;
        }
        running.abort();
    }
}
