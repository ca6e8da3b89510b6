//! Copy of a SQLite database by `VACUUM INTO`, which reads one snapshot and holds up no writer.

use super::{BackupError, Restored, blocking, failed_at, is_packed, no_backup};
use crate::atomic_file::{AtomicFile, ended};
use chrono::{DateTime, Utc};
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    time::Duration,
};

/// Time that the copy waits for a lock of another process.
const BUSY: Duration = Duration::from_secs(5);

/// First bytes of every SQLite file.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Copies the database into an empty file, checks the copy, and returns its number of jobs.
pub async fn copy(url: &str, file: &Path) -> Result<i64, BackupError> {
    let failed = |error: sqlx::Error| BackupError::Copy(why(&error));
    let name = file.to_str().ok_or_else(|| {
        BackupError::Copy("the name of the file is not UTF-8: name another".to_owned())
    })?;
    let options: SqliteConnectOptions = url.parse().map_err(failed)?;
    let mut connection = options
        .create_if_missing(false)
        .busy_timeout(BUSY)
        .connect()
        .await
        .map_err(failed)?;
    sqlx::query("VACUUM INTO ?")
        .bind(name)
        .execute(&mut connection)
        .await
        .map_err(failed)?;
    connection.close().await.map_err(failed)?;
    check(file).await.map_err(BackupError::Broken)
}

/// Checks a database file that no process has open: its pages, its indexes, and that the kept
/// counts of jobs are those of its rows. Returns the number of jobs.
async fn check(file: &Path) -> Result<i64, String> {
    let broken = |error: sqlx::Error| why(&error);
    let mut connection = open(file).await.map_err(broken)?;
    let found: String = sqlx::query("PRAGMA integrity_check(1)")
        .fetch_one(&mut connection)
        .await
        .and_then(|row| row.try_get(0))
        .map_err(broken)?;
    if found != "ok" {
        return Err(found);
    }
    let count = async |connection: &mut SqliteConnection, sql: &'static str| {
        let row = sqlx::query(sql).fetch_one(connection).await?;
        row.try_get::<i64, _>(0)
    };
    let jobs = count(
        &mut connection,
        "SELECT count(*) FROM video_generation_jobs",
    )
    .await
    .map_err(broken)?;
    let kept = count(
        &mut connection,
        "SELECT COALESCE(sum(jobs), 0) FROM job_counts",
    )
    .await
    .map_err(broken)?;
    connection.close().await.map_err(broken)?;
    if jobs == kept {
        Ok(jobs)
    } else {
        Err(format!("it has {jobs} jobs, but its counts say {kept}"))
    }
}

/// Database from a backup, under a temporary name beside its place.
pub struct Prepared {
    whole: AtomicFile,
    copy: File,
}

impl Prepared {
    /// Unpacks the backup and checks it.
    pub async fn new(database: &Path, file: &Path, replace: bool) -> Result<Self, BackupError> {
        if database.symlink_metadata().is_ok() {
            if !replace {
                return Err(BackupError::DatabaseExists(database.to_owned()));
            }
            refuse_same(database, file)?;
        }
        let failed = failed_at(database);
        let folder = database
            .parent()
            .filter(|path| !path.as_os_str().is_empty());
        if let Some(folder) = folder {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let (whole, to) = AtomicFile::create(database).map_err(failed)?;
        let from = file.to_owned();
        let copy =
            blocking(move || unpack(&from, to))
                .await
                .map_err(|why| BackupError::Unreadable {
                    file: file.to_owned(),
                    why,
                })?;
        if !begins_right(whole.path()).map_err(failed)? {
            let why = "a backup of SQLite is a SQLite file, or one that is compressed as .zst";
            return Err(no_backup(file, why));
        }
        check(whole.path())
            .await
            .map_err(|why| no_backup(file, &why))?;
        set_journal(whole.path(), "wal")
            .await
            .map_err(|error| BackupError::Copy(why(&error)))?;
        Ok(Self { whole, copy })
    }

    /// URL of the database for as long as it has its temporary name.
    pub fn url(&self) -> String {
        let path = self.whole.path().display().to_string();
        let path = path
            .replace('%', "%25")
            .replace('?', "%3F")
            .replace('#', "%23");
        format!("sqlite://{path}")
    }

    /// Gives the database its place. Nothing may have it open.
    pub async fn put(self, database: &Path, now: DateTime<Utc>) -> Result<Restored, BackupError> {
        let failed = failed_at(database);
        // The log beside the temporary name would stay behind.
        for mode in ["delete", "wal"] {
            set_journal(self.whole.path(), mode)
                .await
                .map_err(|error| BackupError::Copy(why(&error)))?;
        }
        let kept = if database.exists() {
            set_journal(database, "delete")
                .await
                .map_err(|_| BackupError::InUse(database.to_owned()))?;
            Some(keep(database, now).map_err(failed)?)
        } else {
            None
        };
        self.whole.finish_new(&self.copy).map_err(failed)?;
        Ok(kept.map_or(Restored::New, Restored::Replaced))
    }
}

fn refuse_same(database: &Path, file: &Path) -> Result<(), BackupError> {
    let real = |path: &Path| path.canonicalize().ok();
    if real(database) == real(file) {
        let why = "it is the database itself";
        return Err(no_backup(file, why));
    }
    Ok(())
}

/// Writes the content of the backup, unpacked, and returns the written file.
fn unpack(from: &Path, mut to: File) -> io::Result<File> {
    let source = File::open(from)?;
    if is_packed(from) {
        io::copy(&mut zstd::Decoder::new(source)?, &mut to)?;
    } else {
        io::copy(&mut { source }, &mut to)?;
    }
    Ok(to)
}

fn begins_right(file: &Path) -> io::Result<bool> {
    let mut first = Vec::new();
    File::open(file)?
        .take(MAGIC.len() as u64)
        .read_to_end(&mut first)?;
    Ok(first == MAGIC)
}

/// Sets how a database keeps its journal, after which no log lies beside it. This only works while
/// no other process has the database open.
async fn set_journal(database: &Path, mode: &'static str) -> Result<(), sqlx::Error> {
    let mut connection = open(database).await?;
    let set: String = sqlx::query(match mode {
        "wal" => "PRAGMA journal_mode = WAL",
        _ => "PRAGMA journal_mode = DELETE",
    })
    .fetch_one(&mut connection)
    .await?
    .try_get(0)?;
    connection.close().await?;
    if set == mode {
        Ok(())
    } else {
        Err(sqlx::Error::Protocol(format!("its journal stays {set}")))
    }
}

/// Gives the earlier database a name of its own beside its place, and returns that name.
fn keep(database: &Path, now: DateTime<Utc>) -> io::Result<PathBuf> {
    let time = now.format(".before-restore-%Y%m%dT%H%M%SZ");
    let kept = ended(database, &time.to_string());
    if kept.exists() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            format!("{} exists already", kept.display()),
        ));
    }
    fs::rename(database, &kept)?;
    Ok(kept)
}

async fn open(file: &Path) -> Result<SqliteConnection, sqlx::Error> {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(false)
        .busy_timeout(Duration::ZERO)
        .connect()
        .await
}

fn why(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => error.message().to_owned(),
        other => other.to_string(),
    }
}
