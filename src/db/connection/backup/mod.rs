//! Backups: a consistent copy of the whole database in one file, made while servers write, and its
//! way back.

mod past;
mod postgres;
mod sqlite;

use crate::{
    atomic_file::AtomicFile,
    db::{Database, sqlite_file},
    printable::printable,
};
use chrono::{DateTime, Utc};
pub use past::{MarkRestored, is_lost};
use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

/// Ending of a backup's name that has it compressed with Zstandard.
const PACKED: &str = "zst";

/// Copy of a database in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupFile {
    pub path: PathBuf,
    pub bytes: u64,
    /// Number of jobs in the copy; `None` for PostgreSQL, whose dump is not counted.
    pub jobs: Option<i64>,
}

/// Place of a database that was restored.
pub enum Restored {
    /// A new file.
    New,
    /// The file took the place of an earlier one, which is kept under this name.
    Replaced(PathBuf),
    /// The tables were made in the PostgreSQL database.
    Tables,
}

#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{} exists already: name another file, or remove it first", .0.display())]
    Exists(PathBuf),
    #[error("{} cannot be written: {why}", file.display())]
    File { file: PathBuf, why: io::Error },
    #[error("{} cannot be read: {why}", file.display())]
    Unreadable { file: PathBuf, why: io::Error },
    #[error("the database could not be copied: {0}")]
    Copy(String),
    #[error("the copy is not whole, and was removed: {0}")]
    Broken(String),
    #[error("{} is no backup of this kind of database: {why}", file.display())]
    NoBackup { file: PathBuf, why: String },
    #[error(
        "`{program}` was not found: install the client programs of PostgreSQL, or run it \
        elsewhere: {command}"
    )]
    NoProgram {
        program: &'static str,
        command: String,
    },
    #[error("`{program}` failed: {why}")]
    Program { program: &'static str, why: String },
    #[error(
        "there is a database at {} already: name another with --database-url, or say --replace, \
        which keeps the old file beside the new one",
        .0.display()
    )]
    DatabaseExists(PathBuf),
    #[error("the database at {} is in use: stop its servers and commands first", .0.display())]
    InUse(PathBuf),
    #[error(
        "the database of --database-url has tables already: restore into an empty database, e.g. \
        one that createdb made"
    )]
    NotEmpty,
    #[error(
        "--replace is for SQLite files: make an empty PostgreSQL database and name it with \
        --database-url"
    )]
    NoReplace,
    #[error("the database URL names no file and no PostgreSQL database")]
    NoDatabase,
}

/// Makes errors of the input and output with a file.
fn failed_at(file: &Path) -> impl Fn(io::Error) -> BackupError + Copy + '_ {
    move |why| BackupError::File {
        file: file.to_owned(),
        why,
    }
}

/// Gives the file its name, unless another has it by now.
async fn finish(whole: AtomicFile, copy: File, file: &Path) -> Result<u64, BackupError> {
    let bytes = copy.metadata().map_err(failed_at(file))?.len();
    let finished = blocking(move || whole.finish_new(&copy)).await;
    finished.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists(file.to_owned()),
        _ => failed_at(file)(error),
    })?;
    Ok(bytes)
}

impl Database {
    /// Returns the ending of a backup's name.
    pub fn backup_ending(&self) -> &'static str {
        match sqlite_file(&self.url) {
            Some(_) => "db.zst",
            None => "dump",
        }
    }

    /// Copies the database into a new file, which gets its name only when the copy is complete,
    /// was checked and is on disk. Compresses a copy of SQLite whose name ends in `.zst`; a dump of
    /// PostgreSQL is compressed by itself. Only this user, and with `--group-readable` the group,
    /// can read the file.
    ///
    /// Errors: a file that exists already is never overwritten.
    pub async fn back_up(&self, file: &Path) -> Result<BackupFile, BackupError> {
        refuse_existing(file)?;
        let failed = failed_at(file);
        if sqlite_file(&self.url).is_none() {
            return postgres::dump(&self.url, file).await;
        }
        let (whole, copy) = AtomicFile::create(file).map_err(failed)?;
        let jobs = sqlite::copy(&self.url, whole.path()).await?;
        let (whole, copy) = if is_packed(file) {
            let from = whole.path().to_owned();
            let (packed, to) = AtomicFile::create(file).map_err(failed)?;
            let to = blocking(move || pack(&from, to)).await.map_err(failed)?;
            drop(whole);
            (packed, to)
        } else {
            (whole, copy)
        };
        let bytes = finish(whole, copy, file).await?;
        Ok(BackupFile {
            path: file.to_owned(),
            bytes,
            jobs: Some(jobs),
        })
    }
}

/// Restores a backup into the database at the URL, which must not exist, or hold no tables. With
/// `replace`, an earlier SQLite file is kept beside the new one, under a name with the time `now`.
/// `make_safe` gets the URL of the restored database, which still has the schema and the leases of
/// the time of the backup; on SQLite the database gets its place only after that.
pub async fn restore<T, E: From<BackupError>>(
    url: &str,
    file: &Path,
    replace: bool,
    now: DateTime<Utc>,
    make_safe: impl AsyncFnOnce(String) -> Result<T, E>,
) -> Result<(Restored, T), E> {
    match sqlite_file(url) {
        Some(database) => {
            let prepared = sqlite::Prepared::new(&database, file, replace).await?;
            let safe = make_safe(prepared.url()).await?;
            Ok((prepared.put(&database, now).await?, safe))
        }
        None if replace => Err(BackupError::NoReplace.into()),
        None if url.starts_with("postgres") => {
            postgres::restore(url, file).await?;
            Ok((Restored::Tables, make_safe(url.to_owned()).await?))
        }
        None => Err(BackupError::NoDatabase.into()),
    }
}

fn no_backup(file: &Path, why: &str) -> BackupError {
    BackupError::NoBackup {
        file: file.to_owned(),
        why: why.to_owned(),
    }
}

fn refuse_existing(file: &Path) -> Result<(), BackupError> {
    match file.symlink_metadata() {
        Ok(_) => Err(BackupError::Exists(file.to_owned())),
        Err(_) => Ok(()),
    }
}

fn is_packed(file: &Path) -> bool {
    file.extension().is_some_and(|ending| ending == PACKED)
}

/// Writes the compressed content of one file to another.
fn pack(from: &Path, to: File) -> io::Result<File> {
    let mut packed = zstd::Encoder::new(to, 0)?;
    io::copy(&mut File::open(from)?, &mut packed)?;
    packed.finish()
}

/// Runs work that blocks its thread.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// Returns the last lines of what a program wrote, at most 1,000 characters, in one line.
fn last_words(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let words: Vec<_> = text.lines().rev().take(3).collect();
    let words: Vec<_> = words.into_iter().rev().collect();
    printable(&words.join("; ")).chars().take(1000).collect()
}
