//! Identity of the SQLite file behind an open database, as the file system knows it.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

/// File that the first connection opened. SQLite continues to write to a file that was deleted or
/// renamed, where no later reader finds the data.
pub struct DatabaseFile {
    path: PathBuf,
    device: u64,
    inode: u64,
    /// Whether the log has reported the file as missing, so that it does so once per disappearance.
    reported: AtomicBool,
}

impl DatabaseFile {
    pub fn at(path: &Path) -> io::Result<Self> {
        let found = fs::metadata(path)?;
        let reported = AtomicBool::new(false);
        Ok(Self {
            path: path.to_owned(),
            device: found.dev(),
            inode: found.ino(),
            reported,
        })
    }

    /// Returns whether the path still leads to this file. Costs one `stat`.
    pub fn is_there(&self) -> bool {
        let there = fs::metadata(&self.path)
            .is_ok_and(|found| (found.dev(), found.ino()) == (self.device, self.inode));
        if self.reported.swap(!there, Ordering::Relaxed) == there {
            self.report(there);
        }
        there
    }

    fn report(&self, there: bool) {
        let path = self.path.display();
        if there {
            tracing::info!(%path, "the database file is back: the server accepts changes again");
        } else {
            tracing::error!(
                %path,
                "the database file was moved, deleted or replaced: changes are refused; \
                 put the file back, or restart the server"
            );
        }
    }
}
