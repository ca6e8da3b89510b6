//! Reads a source in a separate thread, record by record, and sends the records in batches. Memory
//! use is bounded by the size of a batch, not by that of the source. A reader never writes to its
//! source.

mod cause;
mod file;
mod folder;
mod input;
mod memory_permits;
mod postgres;
mod preview;
mod reader;
mod redis;
mod sample;
mod sink;
mod source_address;
mod sqlite;
mod table;
mod unreadable;

use super::{
    assumed::Assumed, legacy::Repair, reject::Reject, report::Position, sources::Context,
    stop::StopFlag,
};
use crate::db::write::ImportedJob;
use memory_permits::{MemoryPermit, MemoryPermits};
pub use reader::RecordReader;
pub use sample::{Form, MAX_SAMPLED, Sample, sample};
use serde_json::Value;
pub use sink::MAX_SHOWN_BYTES;
use sink::RecordSink;
use source_address::SourceAddress;
pub use source_address::{look, shown};
pub use sqlite::{Arguments as SqliteArguments, run_child as read_sqlite};
use std::{path::PathBuf, sync::Arc};
use tokio::sync::mpsc;

/// A record of a source, and the result of reading it.
pub struct ReadRecord {
    /// File that contains the record; the source itself if that is a file or a database.
    pub file: Arc<PathBuf>,
    pub at: Position,
    /// Raw text of the record, including its secrets (see [`super::secrets`]); of a large record,
    /// only the beginning.
    pub raw: Vec<u8>,
    /// Size of the whole record, in bytes.
    pub bytes: u64,
    pub read: Result<ImportedJob, Reject>,
    /// Repairs of the record, each as field and rule.
    pub repairs: Vec<Repair>,
    /// What the importer took for granted about the record.
    pub assumed: Assumed,
}

/// Records that one transaction writes.
#[derive(Default)]
pub struct RecordBatch {
    pub entries: Vec<ReadRecord>,
    /// Number of older records that were passed over for the newest one of their id.
    pub superseded: u64,
    /// The first mapped records of a dry run, as they would come in.
    pub previews: Vec<Value>,
    /// Memory permit of the records.
    pub room: Option<MemoryPermit>,
}

/// Parameters for reading a source.
pub struct Reading {
    /// A file, a folder, or the URL of a database or Redis server.
    pub place: Arc<PathBuf>,
    /// How records are told from other objects, and read.
    pub reader: RecordReader,
    pub context: Context,
    /// Number of records to show as they would come in.
    pub previews: usize,
    /// Stop flag, which the reader checks before each buffer.
    pub stop: StopFlag,
}

/// Starts to read. The channel closes at the end of the source; dropping the receiver stops the
/// reader.
pub fn begin(reading: Reading) -> mpsc::Receiver<RecordBatch> {
    let (sender, batches) = mpsc::channel(1);
    tokio::task::spawn_blocking(move || reading.run(sender));
    batches
}

impl Reading {
    fn run(self, sender: mpsc::Sender<RecordBatch>) {
        let mut sink = RecordSink::new(
            sender,
            MemoryPermits::default(),
            self.reader,
            self.context,
            self.stop,
        );
        sink.previews_wanted = self.previews;
        match SourceAddress::of(&self.place) {
            SourceAddress::Postgres(url) => postgres::read(url, &mut sink),
            SourceAddress::Redis(url) => redis::read(url, &mut sink),
            SourceAddress::Unknown(url) => {
                sink.begin(&shown(&self.place));
                sink.reject(Position::File, [], source_address::unknown(url));
            }
            SourceAddress::Path(path) if path.is_dir() => folder::read(path, &mut sink),
            SourceAddress::Path(path) => drop(file::read(path, &mut sink)),
        }
        sink.end();
    }
}
