//! Imports in the background of a server. A few run at once and a few more wait; when the server
//! stops, each run ends after the batch that it is writing.

use super::{DiskReserve, ImportError, Options, StopFlag, begin, run_as, watchdog};
use crate::{
    error::{Error, Result},
    jobs::JobManager,
};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Maximum imports that run at once.
const MAX_RUNNING: u32 = 2;

/// Maximum imports that wait for their turn or are being uploaded.
pub const MAX_ADMITTED: u32 = 16;

/// Maximum uploads that the server receives at once.
pub const MAX_UPLOADS: u32 = 4;

/// Limits on imports, set by the operator.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Maximum duration of a run.
    pub time_limit: Option<Duration>,
    /// Bytes of disk space that imports leave free.
    pub min_free_disk: Option<u64>,
    /// File of the database; `None` if it is not a file.
    pub database: Option<PathBuf>,
}

impl Settings {
    /// Disk space that imports leave free, on the disk of the database.
    pub fn room(&self) -> DiskReserve {
        DiskReserve {
            free: self.min_free_disk,
            places: self.database.iter().cloned().collect(),
        }
    }
}

#[derive(Clone)]
pub struct Background {
    jobs: JobManager,
    stop: StopFlag,
    settings: Settings,
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    uploads: Arc<Semaphore>,
}

/// Permit of an import to run or to wait.
#[derive(Debug)]
pub struct ImportPermit {
    _place: OwnedSemaphorePermit,
}

impl Background {
    pub fn new(jobs: JobManager, settings: Settings) -> Self {
        let of = |permits: u32| Arc::new(Semaphore::new(permits as usize));
        let (turns, places, uploads) = (
            of(MAX_RUNNING),
            of(MAX_RUNNING + MAX_ADMITTED),
            of(MAX_UPLOADS),
        );
        Self {
            jobs,
            stop: StopFlag::default(),
            settings,
            turns,
            places,
            uploads,
        }
    }

    /// Returns the imports of a caller.
    pub fn acting(&self, jobs: &JobManager) -> Self {
        Self {
            jobs: jobs.clone(),
            ..self.clone()
        }
    }

    /// Takes a permit for an import that the server has yet to receive; `None` when too many run or
    /// wait.
    pub fn place(&self) -> Option<ImportPermit> {
        self.places
            .clone()
            .try_acquire_owned()
            .ok()
            .map(|place| ImportPermit { _place: place })
    }

    /// Takes a permit to receive an upload; `None` when the server is receiving the maximum.
    pub fn upload(&self) -> Option<OwnedSemaphorePermit> {
        self.uploads.clone().try_acquire_owned().ok()
    }

    /// Disk space that an upload leaves free, on the disks of the database and of temporary files.
    pub fn room(&self) -> DiskReserve {
        let mut room = self.settings.room();
        room.places.push(std::env::temp_dir());
        room
    }

    /// Begins a run and returns its id. The server drops `source` when the run has ended.
    pub async fn start(
        &self,
        options: Options,
        place: ImportPermit,
        source: impl Send + 'static,
    ) -> Result<String> {
        let (time_limit, room) = (self.settings.time_limit, self.settings.room());
        let options = Options {
            stop: self.stop.of_one(),
            time_limit,
            room,
            ..options
        };
        let id = begin(&self.jobs, &options).await?;
        let (this, run) = (self.clone(), id.clone());
        tokio::spawn(async move {
            this.run(&run, &options).await;
            drop((source, place));
        });
        Ok(id)
    }

    async fn run(&self, id: &str, options: &Options) {
        let waiting = watchdog::watch(self.jobs.clone(), id.to_owned(), options.stop.clone());
        // The semaphore is never closed. A run that is stopped before its turn needs no permit to
        // end.
        let _turn = options
            .stop
            .unless_requested(async { self.turns.acquire().await.ok() })
            .await;
        drop(waiting);
        match run_as(&self.jobs, options, Some(id), &mut |_| {}).await {
            Ok(report) => {
                tracing::info!(import_id = id, found = report.total.found, "import ended")
            }
            Err(ImportError::Database(
                error @ (Error::Database(_) | Error::Internal(_) | Error::Unavailable(_)),
            )) => {
                tracing::warn!(import_id = id, %error, "import ended");
            }
            Err(error) => tracing::info!(import_id = id, %error, "import ended"),
        }
    }

    /// Stops every run after the batch that it is writing, and waits for that, at most for `grace`.
    pub async fn end(&self, grace: Duration) {
        self.stop.request();
        let _ = tokio::time::timeout(grace, self.turns.acquire_many(MAX_RUNNING)).await;
    }
}
