//! What a server does without being asked: loops, each a verb again and again.

mod actions;
mod imports;
mod rescue;
mod stats;
mod workers;

pub use actions::RunActions;
pub use imports::GiveUpImports;
pub use rescue::RescueJobs;
pub use stats::RollUpStats;
pub use workers::{ForgetWorkers, NoteWorkers};

use crate::{error::Result, jobs::JobManager};
use std::{future::Future, time::Duration};
use tokio::task::JoinHandle;

/// A verb that is called again and again while the server runs.
pub trait Loop: Send + Sync + 'static {
    /// For the log.
    const NAME: &'static str;

    /// From the end of one call to the next; between half and one and a half times this.
    const PERIOD: Duration;

    fn run_once(&self) -> impl Future<Output = Result<()>> + Send;

    /// Returns when there is something to do before the period is over.
    fn woken(&self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }
}

/// All loops of a server.
pub fn spawn_all(jobs: &JobManager) -> Vec<JoinHandle<()>> {
    vec![
        spawn(jobs, RescueJobs(jobs.clone())),
        spawn(jobs, NoteWorkers(jobs.clone())),
        spawn(jobs, ForgetWorkers(jobs.clone())),
        spawn(jobs, GiveUpImports(jobs.clone())),
        spawn(jobs, RollUpStats(jobs.clone())),
        spawn(jobs, RunActions(jobs.clone())),
    ]
}

/// Runs the loop until the server is about to end. A call that fails is made up for by the next.
pub fn spawn<L: Loop>(jobs: &JobManager, this: L) -> JoinHandle<()> {
    let jobs = jobs.clone();
    tokio::spawn(async move {
        loop {
            let outcome = this.run_once().await;
            if let Err(error) = &outcome {
                tracing::warn!(name = L::NAME, %error, "a background loop failed: it tries again");
            }
            jobs.loop_ran(L::NAME, &outcome);
            tokio::select! {
                () = jobs.ending() => return,
                () = this.woken() => {}
                // The servers of a database do not keep in step.
                () = tokio::time::sleep(L::PERIOD.mul_f64(0.5 + fastrand::f64())) => {}
            }
        }
    })
}
