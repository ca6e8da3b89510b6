//! State of a SQLite file.

use super::Inspector;
use crate::db::connection::connect::sqlite_file;
use rustix::fs::statfs;
use sea_orm::DbErr;
use std::{
    ffi::OsString,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// Types of file systems that are served over a network, as `statfs` names them: NFS, SMB, CIFS,
/// SMB2, FUSE, AFS, Ceph, GFS2, 9p and Lustre.
const NETWORK: [u32; 10] = [
    0x6969,
    0x517B,
    0xFF53_4D42,
    0xFE53_4D42,
    0x6573_5546,
    0x5346_414F,
    0x00C3_6400,
    0x0116_1970,
    0x0102_1997,
    0x0BD0_0BD0,
];

/// State of the file and its log.
#[derive(Clone, Debug, Default)]
pub struct SqliteFacts {
    pub path: PathBuf,
    /// `wal`, or another mode of the journal.
    pub journal_mode: String,
    pub page_bytes: u64,
    pub pages: u64,
    pub free_pages: u64,
    pub log_bytes: u64,
    /// Whether the file system is served over a network.
    pub is_on_network: bool,
    /// Permission bits of the file.
    pub mode: u32,
    /// Bytes that are free on the disk.
    pub free_disk: u64,
}

impl Inspector {
    /// Returns the state of the SQLite file; `None` for PostgreSQL.
    pub async fn sqlite(&self) -> Result<Option<SqliteFacts>, DbErr> {
        let Some(path) = sqlite_file(&self.url) else {
            return Ok(None);
        };
        let number = async |sql| Ok::<_, DbErr>(self.number(sql).await?.unsigned_abs());
        let mut log = OsString::from(&path);
        log.push("-wal");
        let metadata = std::fs::metadata(&path).ok();
        let disk = statfs(&path).ok();
        Ok(Some(SqliteFacts {
            journal_mode: self.text("PRAGMA journal_mode").await?,
            page_bytes: number("PRAGMA page_size").await?,
            pages: number("PRAGMA page_count").await?,
            free_pages: number("PRAGMA freelist_count").await?,
            log_bytes: std::fs::metadata(Path::new(&log)).map_or(0, |log| log.len()),
            is_on_network: disk.is_some_and(|disk| is_network(disk.f_type)),
            mode: metadata.map_or(0, |file| file.permissions().mode() & 0o777),
            free_disk: disk.map_or(u64::MAX, |disk| {
                disk.f_bavail.saturating_mul(disk.f_bsize.unsigned_abs())
            }),
            path,
        }))
    }

    /// Returns what SQLite's own checks of the file find; empty if they find nothing.
    pub async fn integrity(&self) -> Result<Vec<String>, DbErr> {
        if self.is_postgres() {
            return Ok(Vec::new());
        }
        let mut found: Vec<String> = self.column("PRAGMA quick_check(10)").await?;
        found.retain(|line| line != "ok");
        let tables: Vec<String> = self.column("PRAGMA foreign_key_check").await?;
        let lost = tables.into_iter().take(10);
        found.extend(lost.map(|table| format!("a row of {table} refers to a missing row")));
        Ok(found)
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "all types have 32 bits"
)]
fn is_network(kind: impl Into<i64>) -> bool {
    NETWORK.contains(&(kind.into() as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_systems_of_a_network_are_known_by_their_type() {
        for kind in [0x6969_i64, 0xFF53_4D42, 0x6573_5546] {
            assert!(is_network(kind));
        }
        for kind in [0xEF53_i64, 0x0102_1994, 0x9123_683E] {
            assert!(!is_network(kind), "ext4, tmpfs and btrfs are local");
        }
    }
}
