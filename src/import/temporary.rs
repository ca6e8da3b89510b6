//! Temporary folders of imports and uploads. The process that uses a folder holds a lock in it. The
//! next start recognises the folders of processes that are gone by the free lock, and deletes them.

use rustix::fs::{FlockOperation, flock};
use std::{
    fs::{self, File},
    io,
    path::Path,
    time::Duration,
};
use tempfile::TempDir;

/// Prefix of the folders' names, followed by their purpose.
const PREFIX: &str = "callsheet-";

const KINDS: [&str; 2] = ["upload", "import"];

/// File whose lock shows that the folder is in use.
const LOCK: &str = "in-use";

/// Age up to which a folder without the lock file may still be under construction.
const NEW: Duration = Duration::from_secs(60);

/// A folder that is deleted on drop.
#[derive(Debug)]
pub struct Temporary {
    folder: TempDir,
    _lock: File,
}

impl Temporary {
    /// Creates a folder. `kind` is `upload` or `import`.
    pub fn new(kind: &str) -> io::Result<Self> {
        debug_assert!(KINDS.contains(&kind), "{kind} would not be swept");
        let folder = tempfile::Builder::new()
            .prefix(&format!("{PREFIX}{kind}-"))
            .tempdir()?;
        let lock = File::create_new(folder.path().join(LOCK))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
        Ok(Self {
            folder,
            _lock: lock,
        })
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Deletes the folders that no process uses any more, and returns their number.
pub fn sweep() -> usize {
    sweep_in(&std::env::temp_dir())
}

fn sweep_in(folder: &Path) -> usize {
    let Ok(entries) = folder.read_dir() else {
        return 0;
    };
    let folders = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| is_ours(path));
    folders
        .filter(|folder| is_left(folder) && fs::remove_dir_all(folder).is_ok())
        .count()
}

/// Whether a folder is one of these, by name, and belongs to this user. A link is not: another
/// user's link leads elsewhere.
fn is_ours(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let named = KINDS
        .iter()
        .any(|kind| name.starts_with(&format!("{PREFIX}{kind}-")));
    let mine = |metadata: fs::Metadata| {
        metadata.is_dir() && metadata.uid() == rustix::process::getuid().as_raw()
    };
    named && path.symlink_metadata().is_ok_and(mine)
}

fn is_left(folder: &Path) -> bool {
    match File::open(folder.join(LOCK)) {
        Ok(lock) => flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok(),
        Err(_) => {
            let made = folder
                .metadata()
                .and_then(|metadata| metadata.modified())
                .ok();
            made.and_then(|made| made.elapsed().ok())
                .is_some_and(|age| age > NEW)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_uses_goes_and_the_rest_stays() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str, lock: bool| {
            let path = folder.path().join(name);
            fs::create_dir(&path).unwrap();
            fs::write(path.join("upload"), "x").unwrap();
            lock.then(|| fs::write(path.join(LOCK), "").unwrap());
            path
        };
        let (left, new) = (
            make("callsheet-upload-left", true),
            make("callsheet-import-new", false),
        );
        let (used, other) = (
            make("callsheet-upload-used", true),
            make("somebody-upload-else", true),
        );
        let lock = File::open(used.join(LOCK)).unwrap();
        flock(&lock, FlockOperation::NonBlockingLockExclusive).unwrap();
        std::os::unix::fs::symlink(&other, folder.path().join("callsheet-upload-link")).unwrap();
        assert_eq!(sweep_in(folder.path()), 1);
        assert_eq!(
            [left, new, used, other].map(|path| path.exists()),
            [false, true, true, true]
        );
    }
}
