//! Imports in the background of a server: a few at once, a few more that wait for their turn, each ended after a whole
//! batch when the server stops.

use super::{ImportError, Options, Room, Stop, accompany, begin, run_as};
use crate::{
    error::{Error, Result},
    jobs::JobManager,
};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Imports that run at once.
const AT_ONCE: u32 = 2;

/// Imports that wait for their turn, and those that are being uploaded.
pub const WAITING: u32 = 16;

/// Uploads that are received at once.
pub const UPLOADS: u32 = 4;

/// What an operator decides of imports.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// How long a run may take.
    pub time_limit: Option<Duration>,
    /// Bytes of a disk that are left free.
    pub min_free_disk: Option<u64>,
    /// The file of the database, where it is one.
    pub database: Option<PathBuf>,
}

impl Settings {
    /// What imports leave free of the disk of the database.
    pub fn room(&self) -> Room {
        Room { free: self.min_free_disk, places: self.database.iter().cloned().collect() }
    }
}

#[derive(Clone)]
pub struct Background {
    jobs: JobManager,
    stop: Stop,
    settings: Settings,
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    uploads: Arc<Semaphore>,
}

/// The right to be among those that run or wait.
#[derive(Debug)]
pub struct Place {
    _place: OwnedSemaphorePermit,
}

impl Background {
    pub fn new(jobs: JobManager, settings: Settings) -> Self {
        let of = |permits: u32| Arc::new(Semaphore::new(permits as usize));
        let (turns, places, uploads) = (of(AT_ONCE), of(AT_ONCE + WAITING), of(UPLOADS));
        Self { jobs, stop: Stop::default(), settings, turns, places, uploads }
    }

    /// A place for an import that is still to be received; `None` when too many run and wait.
    pub fn place(&self) -> Option<Place> {
        self.places.clone().try_acquire_owned().ok().map(|place| Place { _place: place })
    }

    /// The right to receive an upload; `None` when others are being received.
    pub fn upload(&self) -> Option<OwnedSemaphorePermit> {
        self.uploads.clone().try_acquire_owned().ok()
    }

    /// What an upload leaves free: of the disk of the database, and of that of temporary files.
    pub fn room(&self) -> Room {
        let mut room = self.settings.room();
        room.places.push(std::env::temp_dir());
        room
    }

    /// Begins a run and answers with its id. `source` is kept until the run has ended.
    pub async fn start(&self, options: Options, place: Place, source: impl Send + 'static) -> Result<String> {
        let (time_limit, room) = (self.settings.time_limit, self.settings.room());
        let options = Options { stop: self.stop.of_one(), time_limit, room, ..options };
        let id = begin(&self.jobs, &options).await?;
        let (this, run) = (self.clone(), id.clone());
        tokio::spawn(async move {
            this.run(&run, &options).await;
            drop((source, place));
        });
        Ok(id)
    }

    async fn run(&self, id: &str, options: &Options) {
        let waiting = accompany(self.jobs.clone(), id.to_owned(), options.stop.clone());
        // Nobody closes the semaphore. A run that is to end before its turn ends without it.
        let _turn = options.stop.unless_requested(async { self.turns.acquire().await.ok() }).await;
        drop(waiting);
        match run_as(&self.jobs, options, Some(id), &mut |_| {}).await {
            Ok(report) => tracing::info!(import_id = id, found = report.total.found, "import ended"),
            Err(ImportError::Database(error @ (Error::Database(_) | Error::Internal(_) | Error::Unavailable(_)))) => {
                tracing::warn!(import_id = id, %error, "import ended");
            }
            Err(error) => tracing::info!(import_id = id, %error, "import ended"),
        }
    }

    /// Has all runs end after the batch that is being written, and waits for that, but no longer than this.
    pub async fn end(&self, grace: Duration) {
        self.stop.request();
        let _ = tokio::time::timeout(grace, self.turns.acquire_many(AT_ONCE)).await;
    }
}
