//! Identity of the SQLite files behind an open database, as the file system knows them.

use std::{
    fs::{self, Metadata},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

/// Device and inode of a file.
type Identity = (u64, u64);

/// Files that the first connection opened. SQLite continues to write to a file that was deleted or
/// renamed, where no later reader finds the data.
pub struct DatabaseFile {
    path: PathBuf,
    /// Path without symbolic links, next to which SQLite looks for the log.
    resolved: PathBuf,
    identity: Identity,
    log: PathBuf,
    /// Identity of the write-ahead log, which exists as long as a connection is open.
    log_identity: OnceLock<Identity>,
    /// Whether the log of the server has reported a file as missing, so that it does so once per
    /// disappearance.
    reported: AtomicBool,
}

impl DatabaseFile {
    pub fn at(path: &Path) -> io::Result<Self> {
        let resolved = fs::canonicalize(path)?;
        let mut log = resolved.clone().into_os_string();
        log.push("-wal");
        let identity = identity(&fs::metadata(path)?);
        Ok(Self {
            path: path.to_owned(),
            resolved,
            identity,
            log: log.into(),
            log_identity: OnceLock::new(),
            reported: AtomicBool::new(false),
        })
    }

    /// Returns whether the path still leads to this database and its write-ahead log. Costs three
    /// calls of `stat`.
    pub fn is_there(&self) -> bool {
        let is_same = |found: io::Result<Metadata>| {
            found.is_ok_and(|found| identity(&found) == self.identity)
        };
        let there = is_same(fs::metadata(&self.path))
            && is_same(fs::symlink_metadata(&self.resolved))
            && self.log_is_there();
        if self.reported.swap(!there, Ordering::Relaxed) == there {
            self.report(there);
        }
        there
    }

    fn log_is_there(&self) -> bool {
        match (fs::symlink_metadata(&self.log), self.log_identity.get()) {
            (Ok(found), known) => {
                *known.unwrap_or_else(|| self.log_identity.get_or_init(|| identity(&found)))
                    == identity(&found)
            }
            (Err(_), known) => known.is_none(),
        }
    }

    fn report(&self, there: bool) {
        let path = self.path.display();
        if there {
            tracing::info!(%path, "the database file is back: the server accepts changes again");
        } else {
            tracing::error!(
                %path,
                "the database file or its write-ahead log (-wal) was moved, deleted or replaced: \
                changes are refused; put the file back, or stop the server with SIGTERM, which \
                writes what it has to the database file, and start it again"
            );
        }
    }
}

fn identity(file: &Metadata) -> Identity {
    (file.dev(), file.ino())
}
