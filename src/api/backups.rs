//! Handlers of backups: copies of the database in the server's folder.

use super::{
    Tag,
    auth::Acting,
    contract::{BACKUPS, Bound, Operation, operation},
    dto::{Backup, BackupList},
};
use crate::{error::Error, jobs::BackupFolder};
use poem::Result;
use poem_openapi::{OpenApi, payload::Json};

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[
    operation("list_backups", BACKUPS, Bound::Refused).codes(&["backup_failed"]),
    operation("back_up", BACKUPS, Bound::Refused).codes(&["backup_failed", "no_backup_folder"]),
];

/// Handlers with the folder of the server's backups, if it has one.
pub struct Backups(pub Option<BackupFolder>);

impl Backups {
    fn folder(&self) -> Result<&BackupFolder> {
        Ok(self.0.as_ref().ok_or(Error::NoBackupFolder)?)
    }
}

#[OpenApi(prefix_path = "/api/v1/backups", tag = "Tag::Backups")]
impl Backups {
    /// List backups
    ///
    /// Returns the backups in the folder of `--backup-dir`, newest first. Without a folder, the
    /// list is empty.
    #[oai(path = "/", method = "get", operation_id = "list_backups")]
    async fn list_backups(&self, jobs: Acting) -> Result<Json<BackupList>> {
        let backups = match &self.0 {
            Some(folder) => jobs.list_backups(folder).await?,
            None => Vec::new(),
        };
        let backups = backups.into_iter().map(Backup::from).collect();
        Ok(Json(BackupList { backups }))
    }

    /// Make a backup
    ///
    /// Copies the whole database into a new file of the folder of `--backup-dir`, checks the copy,
    /// and deletes the oldest backups beyond `--backup-keep`. Servers go on writing meanwhile. The
    /// response comes when the backup is complete.
    #[oai(path = "/", method = "post", operation_id = "back_up")]
    async fn back_up(&self, jobs: Acting) -> Result<Json<Backup>> {
        Ok(Json(jobs.back_up(self.folder()?).await?.into()))
    }
}
