//! What a source is made of, to the byte, and whether an import left it so.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// Every file in a folder and below it, with its name and all of its bytes. Of a file, those beside
/// it as well: SQLite would write there.
#[derive(Debug, PartialEq, Eq)]
pub struct Bytes(BTreeMap<PathBuf, Vec<u8>>);

impl Bytes {
    pub fn of(path: &Path) -> Self {
        let mut files = BTreeMap::new();
        add(
            if path.is_dir() {
                path
            } else {
                path.parent().unwrap()
            },
            &mut files,
        );
        assert!(!files.is_empty());
        Self(files)
    }
}

fn add(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => add(&path, files),
            false => drop(files.insert(path.clone(), std::fs::read(&path).unwrap())),
        }
    }
}

/// A private copy of a file or folder, which goes with it.
pub struct Copy {
    _folder: TempDir,
    pub path: PathBuf,
}

impl Copy {
    pub fn of(source: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(source.file_name().unwrap());
        copy(source, &path);
        Self {
            _folder: folder,
            path,
        }
    }
}

fn copy(from: &Path, to: &Path) {
    if !from.is_dir() {
        std::fs::copy(from, to).unwrap();
        return;
    }
    std::fs::create_dir(to).unwrap();
    for entry in from.read_dir().unwrap() {
        let entry = entry.unwrap();
        copy(&entry.path(), &to.join(entry.file_name()));
    }
}
