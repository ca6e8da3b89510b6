//! Folder with the objects of the archive.

use super::location::ENDING;
use crate::atomic_file::AtomicFile;
use std::{
    fs,
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// Folder in which a server archives jobs. Its calls block the thread.
#[derive(Clone, Debug)]
pub struct ArchiveFolder {
    pub path: PathBuf,
}

impl ArchiveFolder {
    /// Writes a new object, whole or not at all.
    pub(super) fn write(&self, location: &str, bytes: &[u8]) -> io::Result<()> {
        // A folder that is away, such as one of a disk that is not mounted, is not made anew.
        if !self.path.is_dir() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let file = self.path.join(location);
        let mut folder = self.path.clone();
        let parts = Path::new(location)
            .parent()
            .into_iter()
            .flat_map(Path::iter);
        for part in parts {
            let parent = folder.clone();
            folder.push(part);
            match fs::create_dir(&folder) {
                Ok(()) => File::open(&parent)?.sync_all()?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        let (whole, mut out) = AtomicFile::create(&file)?;
        out.write_all(bytes)?;
        whole.finish_new(&out)
    }

    /// Returns whether the folder has this object.
    pub(super) fn has(&self, location: &str) -> io::Result<bool> {
        match fs::symlink_metadata(self.path.join(location)) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Reads a range of an object.
    pub(super) fn read_range(&self, location: &str, at: u64, length: u64) -> io::Result<Vec<u8>> {
        let mut file = File::open(self.path.join(location))?;
        file.seek(SeekFrom::Start(at))?;
        let mut bytes = Vec::new();
        file.take(length).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Removes an object, and what a killed process left of it.
    pub(super) fn remove(&self, location: &str) -> io::Result<()> {
        let file = self.path.join(location);
        let folder = file.parent().unwrap_or(&self.path);
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if !self.path.is_dir() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(&*name) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Returns the locations of all objects.
    pub(super) fn list(&self) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        for year in folders(&self.path)? {
            for month in folders(&self.path.join(&year))? {
                for entry in fs::read_dir(self.path.join(&year).join(&month))? {
                    let name = entry?.file_name().to_string_lossy().into_owned();
                    if name.ends_with(ENDING) {
                        found.push(format!("{year}/{month}/{name}"));
                    }
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

/// Returns the names of the folders whose names are numbers.
fn folders(path: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.bytes().all(|b| b.is_ascii_digit()) && entry.file_type()?.is_dir() {
            names.push(name);
        }
    }
    Ok(names)
}
