//! Background loops, which run on every server of a database at the same time.
//!
//! Each loop calls a method that may be called at any time, does the work that is due, and returns
//! how much it did; tests call these methods directly. This module calls them again after a period,
//! also after errors and panics, and records the result of each run.

mod actions;
mod audit;
mod backups;
mod clock;
mod imports;
mod jobs;
mod keys;
mod retention;
mod runner;
mod schedules;
mod servers;
mod stats;
mod webhooks;
mod workers;

use crate::{
    error::Result,
    jobs::{BackupFolder, JobManager},
};
use chrono::TimeDelta;
use std::{
    future::{Future, pending},
    time::Duration,
};
use tokio::task::JoinSet;

/// Work that is done again and again.
pub trait Loop: Send + Sync + 'static {
    /// Name in the health report and in the log.
    const NAME: &'static str;
    /// Average delay between two runs; each delay is half to one and a half of it.
    const PERIOD: Duration;

    /// Does the work that is due. Returns how much it did.
    fn run_once(&self, jobs: &JobManager) -> impl Future<Output = Result<u64>> + Send;

    /// Returns when there is work before the period is over. Default: never.
    fn wake(&self, _jobs: &JobManager) -> impl Future<Output = ()> + Send {
        pending()
    }
}

/// Bounds of what a server keeps; `None` sets no bound.
#[derive(Clone, Debug, Default)]
pub struct Bounds {
    /// Days for which the history of an ended job is kept.
    pub history_days: Option<u32>,
    /// Days for which an ended import is kept.
    pub imports_days: Option<u32>,
    /// Log lines that are kept of a job.
    pub log_lines: Option<u64>,
    /// Folder for backups.
    pub backups: Option<BackupFolder>,
}

/// Running loops of one server; dropping them stops them.
pub struct Loops(JoinSet<()>);

impl Loops {
    /// Starts the loops, which keep as much as the bounds say.
    pub fn start(jobs: &JobManager, bounds: Bounds) -> Self {
        let days = |days: u32| TimeDelta::days(days.into());
        let mut loops = Self(JoinSet::new());
        loops.spawn(jobs, jobs::RescueJobs);
        loops.spawn(jobs, servers::NoteServer);
        loops.spawn(jobs, workers::NoteWorkers);
        loops.spawn(jobs, workers::ForgetWorkers);
        loops.spawn(jobs, imports::FailOrphanedImports);
        loops.spawn(jobs, stats::RollUpStats);
        loops.spawn(jobs, actions::RunActions);
        loops.spawn(jobs, schedules::FireSchedules);
        loops.spawn(jobs, webhooks::DeliverWebhooks);
        loops.spawn(jobs, webhooks::PruneDeliveries);
        loops.spawn(jobs, clock::CheckClock);
        loops.spawn(jobs, keys::LoadKeys);
        loops.spawn(jobs, keys::NoteKeysUsed);
        loops.spawn(jobs, audit::StoreAudit);
        loops.spawn(jobs, audit::PruneAudit);
        loops.spawn(jobs, workers::PruneJobTokens);
        loops.spawn(jobs, retention::Retain);
        loops.spawn(jobs, retention::ReturnPages);
        loops.spawn(
            jobs,
            imports::PruneImports {
                keep: bounds.imports_days.map(days),
            },
        );
        if let Some(folder) = bounds
            .backups
            .clone()
            .filter(|folder| folder.every.is_some())
        {
            loops.spawn(jobs, backups::BackUp { folder });
        }
        if let Some(keep) = bounds.log_lines {
            loops.spawn(jobs, jobs::PruneLogLines { keep });
        }
        if let Some(keep) = bounds.history_days.map(days) {
            loops.spawn(jobs, jobs::PruneEvents { keep });
        }
        loops
    }

    fn spawn(&mut self, jobs: &JobManager, of: impl Loop) {
        self.0.spawn(runner::run(of, jobs.clone()));
    }

    /// Waits up to `grace` until each loop has finished its current run, then stops those that have
    /// not. No loop runs after the return.
    pub async fn end(mut self, grace: Duration) {
        let all = async { while self.0.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(grace, all).await;
        self.0.shutdown().await;
    }
}
