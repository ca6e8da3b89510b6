//! Store of the archive: a folder or a bucket.

use super::{
    bucket::{ArchiveBucket, BucketSettings},
    folder::ArchiveFolder,
};
use crate::error::{Error, Result};
use std::{fmt, io, path::PathBuf, sync::Arc};
use tokio::task::spawn_blocking;

/// Step of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArchiveStep {
    Start,
    Write,
    ReadBack,
    Finish,
    /// Removal of an object without jobs.
    Remove,
}

/// Callback that a test stops an archive with.
type Stop = Arc<dyn Fn(ArchiveStep) -> bool + Send + Sync>;

/// Store in which a server archives jobs.
#[derive(Clone)]
pub struct ArchiveStore {
    place: Place,
    stop: Option<Stop>,
}

#[derive(Clone)]
enum Place {
    Folder(ArchiveFolder),
    Bucket(Arc<ArchiveBucket>),
}

impl fmt::Display for ArchiveStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Folder(folder) => folder.path.display().fmt(f),
            Place::Bucket(bucket) => bucket.fmt(f),
        }
    }
}

impl fmt::Debug for ArchiveStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl ArchiveStore {
    pub fn folder(path: impl Into<PathBuf>) -> Self {
        Self::at(Place::Folder(ArchiveFolder { path: path.into() }))
    }

    /// Returns the store in a bucket.
    ///
    /// Errors: a sentence, if bucket and endpoint make no URL.
    pub fn bucket(settings: BucketSettings) -> std::result::Result<Self, String> {
        let bucket = ArchiveBucket::new(settings)?;
        Ok(Self::at(Place::Bucket(Arc::new(bucket))))
    }

    fn at(place: Place) -> Self {
        Self { place, stop: None }
    }

    /// Returns the store with a callback before each step of an archive: if it returns true, the
    /// process goes no further, as if it were killed. For tests.
    #[doc(hidden)]
    pub fn stopped_by(self, stop: impl Fn(ArchiveStep) -> bool + Send + Sync + 'static) -> Self {
        Self {
            stop: Some(Arc::new(stop)),
            ..self
        }
    }

    pub(super) async fn before(&self, step: ArchiveStep) -> Result<()> {
        let Some(stop) = self.stop.clone() else {
            return Ok(());
        };
        if blocking(move || Ok(stop(step))).await? {
            return Err(Error::Internal(format!("stopped before {step:?}")));
        }
        Ok(())
    }

    /// Writes a new object, whole or not at all.
    pub(super) async fn write(&self, location: &str, bytes: Vec<u8>) -> Result<()> {
        match &self.place {
            Place::Folder(folder) => {
                let at = location.to_owned();
                in_folder(folder, move |folder| folder.write(&at, &bytes)).await
            }
            Place::Bucket(bucket) => unavailable(bucket.write(location, bytes.into()).await),
        }
    }

    /// Returns whether the store has this object.
    pub(super) async fn has(&self, location: &str) -> Result<bool> {
        match &self.place {
            Place::Folder(folder) => {
                let at = location.to_owned();
                in_folder(folder, move |folder| folder.has(&at)).await
            }
            Place::Bucket(bucket) => unavailable(bucket.has(location).await),
        }
    }

    /// Reads an object of which this many bytes were written; of a longer one it reads one more.
    pub(super) async fn read(&self, location: &str, written: u64) -> Result<Vec<u8>> {
        self.read_range(location, 0, written.saturating_add(1))
            .await
    }

    /// Reads a range of an object, as far as the object has it.
    pub(super) async fn read_range(&self, location: &str, at: u64, length: u64) -> Result<Vec<u8>> {
        match &self.place {
            Place::Folder(folder) => {
                let from = location.to_owned();
                in_folder(folder, move |folder| folder.read_range(&from, at, length)).await
            }
            Place::Bucket(bucket) => {
                unavailable(bucket.read_range(location, at, length).await).map(Into::into)
            }
        }
    }

    /// Removes an object, and what a killed process left of it.
    pub(super) async fn remove(&self, location: &str) -> Result<()> {
        match &self.place {
            Place::Folder(folder) => {
                let at = location.to_owned();
                in_folder(folder, move |folder| folder.remove(&at)).await
            }
            Place::Bucket(bucket) => unavailable(bucket.remove(location).await),
        }
    }

    /// Returns the locations of all objects.
    pub(super) async fn list(&self) -> Result<Vec<String>> {
        match &self.place {
            Place::Folder(folder) => in_folder(folder, ArchiveFolder::list).await,
            Place::Bucket(bucket) => unavailable(bucket.list().await),
        }
    }

    /// Checks that the store is there and lets this server list it.
    pub(super) async fn reach(&self) -> Result<()> {
        match &self.place {
            Place::Folder(folder) => {
                let reach = |folder: &ArchiveFolder| std::fs::read_dir(&folder.path).map(drop);
                in_folder(folder, reach).await
            }
            Place::Bucket(bucket) => unavailable(bucket.reach().await),
        }
    }
}

async fn in_folder<T: Send + 'static>(
    folder: &ArchiveFolder,
    call: impl FnOnce(&ArchiveFolder) -> io::Result<T> + Send + 'static,
) -> Result<T> {
    let folder = folder.clone();
    blocking(move || call(&folder)).await
}

fn unavailable<T>(result: io::Result<T>) -> Result<T> {
    result.map_err(|error| Error::ArchiveUnavailable(error.to_string()))
}

/// Runs a call of the file system beside the threads of the server.
///
/// Errors: `archive_unavailable`.
pub(super) async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T> {
    let done = spawn_blocking(call).await;
    unavailable(done.unwrap_or_else(|error| Err(io::Error::other(error))))
}
