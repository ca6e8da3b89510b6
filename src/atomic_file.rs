//! A file that gets its name only when it is complete, so that a partial file is never taken for a
//! complete one. Only its user, and with `--group-readable` its group, can read it. It is created
//! anew beside its final name, so that no existing link redirects it.

use crate::process::private_mode;
use std::{
    fs::{File, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use tempfile::TempPath;

/// File under a temporary name, which is deleted if this is dropped.
pub struct AtomicFile {
    part: TempPath,
    path: PathBuf,
}

impl AtomicFile {
    /// Creates the file under a temporary name in the same folder.
    ///
    /// Errors: `AlreadyExists` if the name already belongs to a link, a folder or a device.
    pub fn create(path: &Path) -> io::Result<(Self, File)> {
        if path.symlink_metadata().is_ok_and(|there| !there.is_file()) {
            let why = format!(
                "{} is a link, a folder or a device: name a new file",
                path.display()
            );
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
        }
        let mut name = path
            .file_name()
            .ok_or(io::ErrorKind::InvalidInput)?
            .to_owned();
        name.push(".");
        let part = tempfile::Builder::new()
            .prefix(&name)
            .suffix(".part")
            .permissions(Permissions::from_mode(private_mode()))
            .tempfile_in(folder_of(path))?;
        let (file, part) = part.into_parts();
        Ok((
            Self {
                part,
                path: path.to_owned(),
            },
            file,
        ))
    }

    /// Path of the file until it has its name.
    pub fn path(&self) -> &Path {
        &self.part
    }

    /// Syncs the file and gives it its name.
    ///
    /// Errors: `AlreadyExists` if there is a file of this name meanwhile.
    pub fn finish_new(self, file: &File) -> io::Result<()> {
        file.sync_all()?;
        self.part
            .persist_noclobber(&self.path)
            .map_err(|error| error.error)?;
        File::open(folder_of(&self.path))?.sync_all()
    }

    /// Syncs the file and gives it its name, in place of an earlier file.
    pub fn finish(self, file: &File) -> io::Result<()> {
        file.sync_all()?;
        self.part.persist(&self.path).map_err(|error| error.error)
    }
}

fn folder_of(file: &Path) -> &Path {
    file.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Returns the path with `ending` appended.
pub fn ended(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Returns whether writing `file` would change one of the `kept` paths, one of the files that
/// belong to a database there, or a file in a folder there.
pub fn would_change(file: &Path, kept: &[PathBuf]) -> bool {
    let kept: Vec<_> = kept
        .iter()
        .filter_map(|path| path.canonicalize().ok())
        .collect();
    real(file).is_some_and(|file| {
        let beside = |path: &Path| {
            ["-wal", "-shm", "-journal"]
                .iter()
                .any(|ending| file == ended(path, ending))
        };
        kept.iter()
            .any(|path| file.starts_with(path) || beside(path))
    })
}

/// Returns the path without links; the file itself need not exist.
fn real(file: &Path) -> Option<PathBuf> {
    file.canonicalize()
        .ok()
        .or_else(|| Some(folder_of(file).canonicalize().ok()?.join(file.file_name()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::Write,
        os::unix::fs::{PermissionsExt, symlink},
    };

    #[test]
    fn a_file_is_known_by_whatever_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("dumps")).unwrap();
        for name in ["a.json", "c.db", "dumps/d.json"] {
            std::fs::write(at(name), "x").unwrap();
        }
        symlink(at("a.json"), at("link.json")).unwrap();
        let kept = [at("a.json"), at("c.db"), at("dumps"), at("gone.json")];
        for name in [
            "a.json",
            "link.json",
            "dumps/../a.json",
            "c.db-wal",
            "dumps/new.json",
        ] {
            assert!(would_change(&at(name), &kept), "{name}");
        }
        for name in ["report.json", "a.json.json", "dumps.json", "nowhere/a.json"] {
            assert!(!would_change(&at(name), &kept), "{name}");
        }
    }

    #[test]
    fn a_whole_file_is_its_users_alone_and_takes_the_place_of_an_earlier_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("all.jsonl");
        for text in ["first", "second"] {
            let (whole, mut file) = AtomicFile::create(&path).unwrap();
            file.write_all(text.as_bytes()).unwrap();
            whole.finish(&file).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        let (whole, _) = AtomicFile::create(&path).unwrap();
        drop(whole);
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    }

    #[test]
    fn no_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("theirs"), "theirs").unwrap();
        for (name, target) in [("out", "theirs"), ("dangling", "nowhere")] {
            symlink(at(target), at(name)).unwrap();
            let message = AtomicFile::create(&at(name)).err().unwrap().to_string();
            assert!(message.contains("is a link"), "{message}");
        }
        assert!(AtomicFile::create(folder.path()).is_err());
        assert_eq!(std::fs::read_to_string(at("theirs")).unwrap(), "theirs");
        assert!(!at("nowhere").exists());
    }
}
