//! back_up and list_backups: copies of the database in the folder of backups.

use crate::{
    db::BackupError,
    error::{Error, Result},
    jobs::JobManager,
};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};
use tokio::task::spawn_blocking;

/// First part of the name of each file that Callsheet makes in the folder.
const NAME: &str = "callsheet-";
/// Time in the name of a backup, in UTC, with milliseconds.
const TIME: &str = "%Y%m%dT%H%M%S%3fZ";

/// Time without a write after which an unfinished backup is one of a killed process.
const LEFT_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Folder in which a server keeps its backups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupFolder {
    pub path: PathBuf,
    /// Number of backups that stay; older ones are deleted.
    pub keep: usize,
    /// Time between two backups of the loop; `None` makes none by itself.
    pub every: Option<TimeDelta>,
}

/// Backup in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    pub name: String,
    pub bytes: u64,
    pub created_at: DateTime<Utc>,
}

impl JobManager {
    /// Copies the database into a new file of the folder, and deletes the oldest backups beyond
    /// those that stay. Returns the new one. A server makes one at a time; further calls wait.
    ///
    /// Errors: `backup_failed`; the folder then has no new file.
    pub async fn back_up(&self, folder: &BackupFolder) -> Result<Backup> {
        let _turn = self.backing_up.lock().await;
        let ending = self.database().backup_ending();
        let created_at = self.now();
        let name = format!("{NAME}{}.{ending}", created_at.format(TIME));
        let path = folder.path.join(&name);
        let made = self.db.back_up(&path).await.map_err(failed)?;
        self.prune_backups(folder).await?;
        Ok(Backup {
            name,
            bytes: made.bytes,
            created_at: whole_millis(created_at),
        })
    }

    /// Makes a backup if the newest one is older than the folder's period. Returns the number of
    /// backups made.
    pub async fn back_up_when_due(&self, folder: &BackupFolder) -> Result<u64> {
        let Some(every) = folder.every else {
            return Ok(0);
        };
        let newest = self.list_backups(folder).await?.into_iter().next();
        // A file from the future was made before the clock was set back.
        let recent = newest.is_some_and(|newest| {
            let age = self.now() - newest.created_at;
            age < every && age > -every
        });
        if recent {
            return Ok(0);
        }
        let backup = self.back_up(folder).await?;
        tracing::info!(name = backup.name, bytes = backup.bytes, "backup made");
        Ok(1)
    }

    /// Returns the backups in the folder, newest first; other files are left out.
    pub async fn list_backups(&self, folder: &BackupFolder) -> Result<Vec<Backup>> {
        let path = folder.path.clone();
        let found = spawn_blocking(move || backups_in(&path)).await;
        let mut backups = found
            .unwrap_or_else(|error| Err(io::Error::other(error)))
            .map_err(|why| {
                failed(BackupError::Unreadable {
                    file: folder.path.clone(),
                    why,
                })
            })?;
        backups.sort_by(|a, b| b.name.cmp(&a.name));
        Ok(backups)
    }

    /// Deletes the oldest backups beyond those that stay, and what killed processes left.
    async fn prune_backups(&self, folder: &BackupFolder) -> Result<()> {
        for old in self
            .list_backups(folder)
            .await?
            .into_iter()
            .skip(folder.keep)
        {
            let path = folder.path.join(&old.name);
            if let Err(error) = fs::remove_file(&path) {
                tracing::warn!(path = %path.display(), %error, "an old backup cannot be deleted");
            }
        }
        let (path, before) = (
            folder.path.clone(),
            SystemTime::from(self.now()) - LEFT_AFTER,
        );
        let _ = spawn_blocking(move || sweep(&path, before)).await;
        Ok(())
    }
}

fn failed(error: BackupError) -> Error {
    Error::BackupFailed(error.to_string())
}

/// Deletes unfinished backups that were last written before a time.
fn sweep(folder: &Path, before: SystemTime) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_part = name.starts_with(NAME) && name.ends_with(".part");
        if is_part && entry.metadata()?.modified()? < before {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn backups_in(folder: &Path) -> io::Result<Vec<Backup>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(created_at) = time_in(&name) else {
            continue;
        };
        let data = entry.metadata()?;
        if data.is_file() {
            found.push(Backup {
                name,
                bytes: data.len(),
                created_at,
            });
        }
    }
    Ok(found)
}

/// Returns the time in the name of a backup; `None` for the name of another file, also of a backup
/// that is still being written.
fn time_in(name: &str) -> Option<DateTime<Utc>> {
    let rest = name.strip_prefix(NAME)?;
    let (time, ending) = rest.split_once('.')?;
    if !["db.zst", "dump"].contains(&ending) {
        return None;
    }
    let time = NaiveDateTime::parse_from_str(time, TIME).ok()?;
    Some(time.and_utc())
}

fn whole_millis(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(time.timestamp_millis()).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_backups_of_killed_processes_are_swept() {
        let folder = tempfile::tempdir().unwrap();
        let day = Duration::from_secs(24 * 60 * 60);
        let now = SystemTime::UNIX_EPOCH + day * 20_000;
        for (name, age) in [
            ("callsheet-1.dump.a.part", day * 2),
            ("callsheet-2.dump.b.part", day / 2),
            ("notes.part", day * 2),
            ("callsheet-3.dump", day * 2),
        ] {
            let file = fs::File::create(folder.path().join(name)).unwrap();
            file.set_modified(now - age).unwrap();
        }
        sweep(folder.path(), now - LEFT_AFTER).unwrap();
        let left = fs::read_dir(folder.path()).unwrap();
        let mut left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        let expected = ["callsheet-2.dump.b.part", "callsheet-3.dump", "notes.part"];
        assert_eq!(left, expected);
    }

    #[test]
    fn only_whole_backups_are_listed() {
        let time = time_in("callsheet-20260102T030405678Z.db.zst").unwrap();
        assert_eq!(time.to_rfc3339(), "2026-01-02T03:04:05.678+00:00");
        assert!(time_in("callsheet-20260102T030405678Z.dump").is_some());
        for other in [
            "callsheet-20260102T030405678Z.db.zst.x7.part",
            "callsheet-20261302T030405678Z.dump",
            "callsheet.db",
            "notes.txt",
        ] {
            assert_eq!(time_in(other), None, "{other}");
        }
    }
}
