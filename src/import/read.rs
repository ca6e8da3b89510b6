//! Reads a source in a thread of its own, record by record, and hands the records on in batches. What is held in memory
//! is bounded by the size of a batch, not of the source. Nothing here ever writes to a source.

mod cause;
mod file;
mod folder;
mod input;
mod place;
mod postgres;
mod redis;
mod room;
mod sink;
mod sqlite;

use super::{
    kept::Repair,
    reject::Reject,
    report::At,
    sources::{Context, SourceKind},
    stop::Stop,
};
use crate::db::write::ImportedJob;
use place::Place;
pub use place::{look, shown};
use room::{Room, Rooms};
pub use sink::SHOWN;
use sink::Sink;
pub use sqlite::{Arguments as SqliteArguments, run_child as read_sqlite};
use std::{path::PathBuf, sync::Arc};
use tokio::sync::mpsc;

/// A record that was met, and what was made of it.
pub struct Entry {
    /// The file that it stands in; the source itself when that is a file or a database.
    pub file: Arc<PathBuf>,
    pub at: At,
    /// As it stands there, secrets and all: see [`super::secrets`]. Of a large one, the beginning.
    pub raw: Vec<u8>,
    /// All bytes of it.
    pub bytes: u64,
    pub read: Result<ImportedJob, Reject>,
    /// What was put right in it, by field and rule.
    pub repairs: Vec<Repair>,
}

/// Records that are written together.
pub struct Batch {
    pub entries: Vec<Entry>,
    /// Memory that they take.
    pub room: Option<Room>,
}

/// How a source is read.
pub struct Reading {
    /// A file, a folder, or the URL of a database or Redis server.
    pub place: Arc<PathBuf>,
    /// The store that it is said to be; else each record is recognised by its fields.
    pub source: Option<SourceKind>,
    pub context: Context,
    /// Looked at for each buffer that is read.
    pub stop: Stop,
}

/// Begins to read. Batches end with the source; whoever lets go of them ends the reading.
pub fn begin(reading: Reading) -> mpsc::Receiver<Batch> {
    let (sender, batches) = mpsc::channel(1);
    tokio::task::spawn_blocking(move || reading.run(sender));
    batches
}

impl Reading {
    fn run(self, sender: mpsc::Sender<Batch>) {
        let mut sink = Sink::new(sender, Rooms::default(), self.source, self.context, self.stop);
        match Place::of(&self.place) {
            Place::Postgres(url) => postgres::read(url, &mut sink),
            Place::Redis(url) => redis::read(url, &mut sink),
            Place::Unknown(url) => {
                sink.begin(&shown(&self.place));
                sink.reject(At::File, [], place::unknown(url));
            }
            Place::Path(path) if path.is_dir() => folder::read(path, &mut sink),
            Place::Path(path) => drop(file::read(path, &mut sink)),
        }
        sink.end();
    }
}
