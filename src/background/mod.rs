//! What a server does without being asked: loops, each a verb again and again.

mod actions;
mod stats;

pub use actions::RunActions;
pub use stats::RollUpStats;

use crate::{error::Result, jobs::JobManager};
use std::{future::Future, time::Duration};
use tokio::task::JoinHandle;

/// A verb that is called again and again while the server runs.
pub trait Loop: Send + Sync + 'static {
    /// For the log.
    const NAME: &'static str;

    /// From the end of one call to the next.
    const PERIOD: Duration;

    fn run_once(&self) -> impl Future<Output = Result<()>> + Send;

    /// Returns when there is something to do before the period is over.
    fn woken(&self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }
}

/// Runs the loop until the server is about to end. A call that fails is made up for by the next.
pub fn spawn<L: Loop>(jobs: &JobManager, this: L) -> JoinHandle<()> {
    let jobs = jobs.clone();
    tokio::spawn(async move {
        loop {
            if let Err(error) = this.run_once().await {
                tracing::warn!(name = L::NAME, %error, "a background loop failed: it tries again");
            }
            tokio::select! {
                () = jobs.ending() => return,
                () = this.woken() => {}
                () = tokio::time::sleep(L::PERIOD) => {}
            }
        }
    })
}
