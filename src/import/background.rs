//! Imports in the background of a server: a few at once, each ended after a whole batch when the server stops.

use super::{ImportError, Options, Stop, beat, begin, run_as};
use crate::{error::Error, jobs::JobManager};
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;

/// Imports that run at once; the others wait for their turn.
const AT_ONCE: u32 = 2;

#[derive(Clone)]
pub struct Background {
    jobs: JobManager,
    stop: Stop,
    turns: Arc<Semaphore>,
}

impl Background {
    pub fn new(jobs: JobManager) -> Self {
        Self { jobs, stop: Stop::default(), turns: Arc::new(Semaphore::new(AT_ONCE as usize)) }
    }

    /// Begins a run and answers with its id. `source` is kept until the run has ended.
    pub async fn start(&self, options: Options, source: impl Send + 'static) -> Result<String, Error> {
        let options = Options { stop: self.stop.clone(), ..options };
        let id = begin(&self.jobs, &options).await?;
        let (this, run) = (self.clone(), id.clone());
        tokio::spawn(async move {
            this.run(&run, &options).await;
            drop(source);
        });
        Ok(id)
    }

    async fn run(&self, id: &str, options: &Options) {
        let waiting = beat(self.jobs.clone(), id.to_owned());
        // Nobody closes the semaphore.
        let _turn = self.turns.acquire().await;
        drop(waiting);
        match run_as(&self.jobs, options, Some(id), &mut |_| {}).await {
            Ok(report) => tracing::info!(import_id = id, found = report.total.found, "import ended"),
            Err(error @ ImportError::Database(_)) => tracing::warn!(import_id = id, %error, "import ended"),
            Err(error) => tracing::info!(import_id = id, %error, "import ended"),
        }
    }

    /// Has all runs end after the batch that is being written, and waits for that, but no longer than this.
    pub async fn end(&self, grace: Duration) {
        self.stop.request();
        let _ = tokio::time::timeout(grace, self.turns.acquire_many(AT_ONCE)).await;
    }
}
