//! A file that has its name only when it is whole: one that was cut off is not taken for what it was to be.

use std::path::{Path, PathBuf};

/// What the file is called until then.
pub fn part_of(path: &Path) -> PathBuf {
    ended(path, ".part")
}

/// The name with this at its end.
pub fn ended(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Whether writing the file would change one of these, or something in it: a database has files beside it, and a folder
/// those below it.
pub fn would_change(file: &Path, kept: &[PathBuf]) -> bool {
    let kept: Vec<_> = kept.iter().filter_map(|path| path.canonicalize().ok()).collect();
    let written = [file.to_owned(), part_of(file)];
    written.iter().filter_map(|file| real(file)).any(|file| {
        let beside = |path: &Path| ["-wal", "-shm", "-journal"].iter().any(|ending| file == ended(path, ending));
        kept.iter().any(|path| file.starts_with(path) || beside(path))
    })
}

/// The path without links; the file itself need not be there.
fn real(file: &Path) -> Option<PathBuf> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    file.canonicalize().ok().or_else(|| Some(folder.canonicalize().ok()?.join(file.file_name()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_whatever_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("dumps")).unwrap();
        for name in ["a.json", "b.json.part", "c.db", "dumps/d.json"] {
            std::fs::write(at(name), "x").unwrap();
        }
        std::os::unix::fs::symlink(at("a.json"), at("link.json")).unwrap();
        let kept = [at("a.json"), at("b.json.part"), at("c.db"), at("dumps"), at("gone.json")];
        for name in ["a.json", "link.json", "dumps/../a.json", "b.json", "c.db-wal", "dumps/new.json"] {
            assert!(would_change(&at(name), &kept), "{name}");
        }
        for name in ["report.json", "b.json.json", "dumps.json", "nowhere/a.json"] {
            assert!(!would_change(&at(name), &kept), "{name}");
        }
    }
}
