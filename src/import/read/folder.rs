//! Reader of a folder: reads every file in it and in its subfolders whose name ends like that of a
//! store's file, as if the user had named the file.

use super::{
    super::{
        reject::{Reason, Reject},
        report::Position,
    },
    file,
    sink::RecordSink,
};
use std::{
    collections::HashSet,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
};

/// Endings of the names of such files. Other files of a folder (logs, locks, the `-wal` of a
/// database) are ignored.
const ENDINGS: [&str; 18] = [
    ".json",
    ".jsonl",
    ".ndjson",
    ".json.gz",
    ".jsonl.gz",
    ".ndjson.gz",
    ".json.zst",
    ".jsonl.zst",
    ".ndjson.zst",
    ".db",
    ".sqlite",
    ".sqlite3",
    ".csv",
    ".tsv",
    ".csv.gz",
    ".tsv.gz",
    ".csv.zst",
    ".tsv.zst",
];

pub fn read(folder: &Path, sink: &mut RecordSink) {
    sink.visits_folder = true;
    let mut walk = Walk {
        folders: vec![folder.to_owned()],
        tables: sink.reader.reads_tables(),
        entered: HashSet::new(),
        files: 0,
    };
    while let Some(next) = walk.folders.pop() {
        if !walk.enter(&next, sink) {
            return;
        }
    }
    if walk.files == 0 {
        sink.begin(folder);
        let detail = format!(
            "The folder has no file whose name ends in one of {}: rename the files, or name them \
            one by one.",
            ENDINGS[..ENDINGS.len() - if sink.reader.reads_tables() { 0 } else { 6 }].join(", ")
        );
        sink.reject(Position::File, [], Reject::new(Reason::EmptyFolder, detail));
    }
}

struct Walk {
    /// Folders still to read, the next one last.
    folders: Vec<PathBuf>,
    /// Whether tables of text are wanted, which only a map makes readable.
    tables: bool,
    /// Real paths of the folders read so far, since a link may lead back.
    entered: HashSet<PathBuf>,
    files: u64,
}

impl Walk {
    /// Reads one folder, or rejects it. Returns false when the reader should stop.
    fn enter(&mut self, folder: &Path, sink: &mut RecordSink) -> bool {
        let listed = folder
            .canonicalize()
            .and_then(|real| match self.entered.insert(real) {
                true => names(folder, self.tables).map(Some),
                false => Ok(None),
            });
        let refused = match listed {
            Ok(Some(names)) => return self.files(folder, names, sink),
            Ok(None) => Reject::new(
                Reason::FolderLoop,
                "The folder was already read under another path: a link leads back to it.",
            ),
            Err(error) => Reject::new(
                Reason::UnreadableFile,
                format!("The folder cannot be read: {error}."),
            ),
        };
        sink.begin(folder);
        sink.reject(Position::File, [], refused)
    }

    fn files(&mut self, folder: &Path, names: Vec<OsString>, sink: &mut RecordSink) -> bool {
        let mut below = Vec::new();
        for name in names {
            if sink.stop.is_requested() {
                return false;
            }
            let path = folder.join(name);
            // Follows links. A link to nothing has no metadata, and the file reader reports it.
            let metadata = path.metadata().ok();
            if metadata.as_ref().is_some_and(|m| m.is_dir()) {
                below.push(path);
            } else if is_wanted(&path, self.tables) {
                self.files += 1;
                // Opening a pipe would block.
                let go_on = match metadata.is_some_and(|m| !m.is_file()) {
                    true => {
                        sink.begin(&path);
                        sink.reject(
                            Position::File,
                            [],
                            file::unreadable("it is a pipe, socket or device"),
                        )
                    }
                    false => file::read(&path, sink),
                };
                if !go_on {
                    return false;
                }
            }
        }
        self.folders.extend(below.into_iter().rev());
        true
    }
}

/// Lists the names of folders, links and wanted files. Whole paths of very many entries would take
/// too much memory.
fn names(folder: &Path, tables: bool) -> io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in folder.read_dir()? {
        let entry = entry?;
        let name = entry.file_name();
        if is_wanted(Path::new(&name), tables)
            || entry.file_type().is_ok_and(|kind| !kind.is_file())
        {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn is_wanted(path: &Path, tables: bool) -> bool {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase();
    let is_table = [".csv", ".tsv"].iter().any(|ending| name.contains(ending));
    is_table == tables && ENDINGS.iter().any(|ending| name.ends_with(ending))
}
