//! Check that the files exist that a report names.

use crate::open_beneath::{open_beneath, remove_beneath};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
};

/// Beginning of a path that the server serves from its media folder.
const PREFIX: &str = "/media/";

/// Maximum nesting of a value in which paths are looked for.
const MAX_DEPTH: usize = 64;

/// Media folder of the server, as this host sees it.
#[derive(Clone, Debug)]
pub struct MediaFolder(PathBuf);

impl MediaFolder {
    pub fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Removes the file that a path of [`paths_in`] names, and the folders that are empty then. A
    /// path that names no file is not an error.
    pub fn remove(&self, path: &str) -> io::Result<()> {
        let found = names(path)
            .into_iter()
            .find(|name| open_beneath(&self.0, Path::new(name)).is_some());
        found.map_or(Ok(()), |name| remove_beneath(&self.0, Path::new(&name)))
    }

    /// Returns a sentence about the first file that the value names and that is missing or empty.
    pub async fn missing(&self, value: &Value) -> Option<String> {
        let paths = paths_in(value);
        if paths.is_empty() {
            return None;
        }
        let folder = self.0.clone();
        let missing = tokio::task::spawn_blocking(move || {
            paths.into_iter().find(|path| !has_content(&folder, path))
        });
        let path = missing.await.ok().flatten()?;
        Some(format!(
            "the file {path} is missing or empty in {}: report a file when it is written, or turn \
            this check off with --no-check-media",
            self.0.display()
        ))
    }
}

/// Returns the paths in a document that begin with `/media/`.
pub fn paths_in(value: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    find_paths(value, MAX_DEPTH, &mut paths);
    paths
}

fn find_paths(value: &Value, depth: usize, paths: &mut Vec<String>) {
    match value {
        _ if depth == 0 => {}
        Value::String(text) if text.starts_with(PREFIX) => paths.push(text.clone()),
        Value::Array(values) => values
            .iter()
            .for_each(|value| find_paths(value, depth - 1, paths)),
        Value::Object(members) => members
            .values()
            .for_each(|value| find_paths(value, depth - 1, paths)),
        _ => {}
    }
}

/// Returns whether there is such a file with content, or such a folder with files.
fn has_content(folder: &Path, path: &str) -> bool {
    names(path)
        .iter()
        .any(|path| has_file(folder, path.trim_end_matches('/')))
}

/// Returns the names of the files that a document may mean, each in all of its forms.
pub fn names_in(value: &Value) -> Vec<String> {
    let paths = paths_in(value).into_iter();
    paths.flat_map(|path| names(&path)).collect()
}

/// Returns whether the path may mean one of these names.
pub fn means_one_of(path: &str, known: &BTreeSet<String>) -> bool {
    names(path).iter().any(|name| known.contains(name))
}

/// Returns the names in the folder that a path may mean. It is that of a URL, so it may be escaped
/// and have a query; a name may also have these characters itself.
fn names(path: &str) -> [String; 3] {
    let path = path.strip_prefix(PREFIX).unwrap_or(path);
    let plain = path.split(['?', '#']).next().unwrap_or_default();
    [path.to_owned(), plain.to_owned(), unescaped(plain)]
}

fn has_file(folder: &Path, path: &str) -> bool {
    if path.is_empty() || path.contains(['\0', '\\']) {
        return false;
    }
    match open_beneath(folder, Path::new(path)) {
        Some((_, metadata)) => metadata.len() > 0,
        None => has_entries(folder, Path::new(path)),
    }
}

fn has_entries(folder: &Path, path: &Path) -> bool {
    let (Ok(root), Ok(found)) = (folder.canonicalize(), folder.join(path).canonicalize()) else {
        return false;
    };
    let mut entries = found
        .starts_with(&root)
        .then(|| found.read_dir().ok())
        .flatten();
    entries
        .as_mut()
        .is_some_and(|entries| entries.next().is_some())
}

/// Decodes the escapes of a URL.
fn unescaped(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, others)) = rest.split_first() {
        let escape = others.get(..2).filter(|_| first == b'%');
        let code = escape.and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &others[2..];
            }
            None => {
                bytes.push(first);
                rest = others;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[tokio::test]
    async fn a_file_that_is_missing_or_empty_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text);
        std::fs::create_dir_all(folder.path().join("film/frames")).unwrap();
        write("film/a b.mp4", "x").unwrap();
        write("film/empty.mp4", "").unwrap();
        write("film/frames/1.png", "x").unwrap();
        let media = MediaFolder::new(folder.path().to_owned());
        for good in [
            json!({"video_path": "/media/film/a b.mp4", "frames": ["/media/film/frames/1.png"]}),
            json!({"video_path": "/media/film/a%20b.mp4?v=1#t=2", "frames": "/media/film/frames/"}),
            json!({"video_path": "https://cdn.example/media/x.mp4", "media": "media/x.mp4"}),
            json!({}),
        ] {
            assert_eq!(media.missing(&good).await, None, "{good}");
        }
        for bad in [
            "/media/film/b.mp4",
            "/media/film/empty.mp4",
            "/media/../etc/passwd",
            "/media/%2e%2e/%2e%2e/etc/passwd",
            "/media/",
            "/media/film/a b.mp4/x",
            "/media/film/\0",
        ] {
            let value = json!({"shots": [{"frames": {"first": bad}}]});
            let why = media.missing(&value).await.expect(bad);
            assert!(why.contains("is missing or empty"), "{why}");
        }
    }
}
