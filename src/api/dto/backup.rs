//! Backups in responses.

use super::Time;
use crate::jobs;
use poem_openapi::Object;

/// A complete copy of the database in one file.
#[derive(Debug, Object)]
pub struct Backup {
    /// Name of the file in the folder of backups.
    name: String,
    /// Size of the file in bytes.
    bytes: u64,
    /// Time when the copy was begun.
    created_at: Time,
}

impl From<jobs::Backup> for Backup {
    fn from(backup: jobs::Backup) -> Self {
        Self {
            name: backup.name,
            bytes: backup.bytes,
            created_at: backup.created_at.into(),
        }
    }
}

/// All backups of a folder.
#[derive(Debug, Object)]
pub struct BackupList {
    /// Backups, newest first.
    pub backups: Vec<Backup>,
}
