//! Receiver of the records of all readers. It parses each record, recognises its store, removes its
//! secrets and makes its rows, in the same way for every kind of source.

mod batch;
mod read_record;
mod repeated;

use super::{
    super::{
        assumed::Assumed,
        identity::IdentityNames,
        legacy::Repair,
        newest::{NewestRecords, Standing},
        reject::Reject,
        report::Position,
        secrets,
        seen::{RepeatedKeys, SeenIds},
        sources::{Context, SourceKind},
        split::Piece,
        stop::StopFlag,
    },
    ReadRecord, RecordBatch, RecordReader,
    memory_permits::MemoryPermits,
    preview::preview,
};
use serde_json::{Map, Value};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::mpsc;

/// Maximum bytes of a record's text to keep for its reject.
pub const MAX_SHOWN_BYTES: usize = 1 << 20;

pub struct RecordSink {
    sender: mpsc::Sender<RecordBatch>,
    rooms: MemoryPermits,
    batch: Vec<ReadRecord>,
    bytes: usize,
    weight: usize,
    /// Stop flag of the run.
    pub stop: StopFlag,
    context: Context,
    /// How records are told from other objects, and read.
    pub reader: RecordReader,
    identity: IdentityNames,
    file: Arc<PathBuf>,
    /// Whether the reader visits every file of a folder.
    pub visits_folder: bool,
    seen: SeenIds,
    /// Keys that occur more than once in the file.
    repeated: RepeatedKeys,
    /// Ids that occur more than once in the file.
    newest: NewestRecords,
    superseded: u64,
    /// Number of records that are still to be shown as they would come in.
    pub previews_wanted: usize,
    previews: Vec<Value>,
    /// Store of the next records, if the reader knows it.
    pub known: Option<SourceKind>,
    /// Repairs that the reader made to the next record.
    pub mended: Vec<Repair>,
}

impl RecordSink {
    pub fn new(
        sender: mpsc::Sender<RecordBatch>,
        rooms: MemoryPermits,
        reader: RecordReader,
        context: Context,
        stop: StopFlag,
    ) -> Self {
        Self {
            sender,
            rooms,
            batch: Vec::new(),
            bytes: 0,
            weight: 0,
            stop,
            context,
            identity: reader.identity(),
            reader,
            file: Arc::default(),
            visits_folder: false,
            seen: SeenIds::default(),
            repeated: RepeatedKeys::default(),
            newest: NewestRecords::default(),
            superseded: 0,
            previews_wanted: 0,
            previews: Vec::new(),
            known: None,
            mended: Vec::new(),
        }
    }

    /// Starts a file, to which the next records belong. An id may occur once in it.
    pub fn begin(&mut self, file: &Path) {
        self.file = Arc::new(file.to_owned());
        self.context.file = self.file.clone();
        (self.seen, self.repeated, self.known) =
            (SeenIds::default(), RepeatedKeys::default(), None);
        self.newest = NewestRecords::default();
    }

    /// Takes a record. Returns false when the reader should stop.
    pub fn take(&mut self, piece: Piece) -> bool {
        match self.standing(&piece) {
            Standing::Only => {}
            Standing::Newest => self.mended.push(Repair {
                field: String::new(),
                rule: "newest_record_of_the_id_counts",
            }),
            Standing::Older => {
                self.superseded += 1;
                return true;
            }
        }
        self.add(piece)
    }

    /// Takes a record that the reader assembled. Returns false when the reader should stop.
    pub fn take_record(&mut self, key: &str, record: Map<String, Value>) -> bool {
        self.take(piece(
            Position::Key(key.to_owned()),
            Value::Object(record).to_string().into_bytes(),
            Ok(()),
        ))
    }

    /// Rejects input that cannot be a record. Returns false when the reader should stop.
    pub fn reject(&mut self, at: Position, raw: impl Into<Vec<u8>>, reject: Reject) -> bool {
        self.take(piece(at, raw.into(), Err(reject)))
    }

    /// Sends the last batch.
    pub fn end(mut self) {
        // The receiver is gone if the run was stopped.
        let _ = self.send();
        if self.superseded > 0 || !self.previews.is_empty() {
            let _ = self.hand_over(Vec::new(), None);
        }
    }

    fn entry(&mut self, piece: Piece) -> ReadRecord {
        let read = self
            .last_of_its_key(&piece)
            .and_then(|()| self.read(&piece));
        let read = read.and_then(|found| Ok((self.once(found.job)?, found.repairs, found.assumed)));
        let (read, repairs, assumed) = match read {
            Ok((record, repairs, assumed)) => (Ok(record), repairs, assumed),
            Err(reject) => (
                Err(Reject::new(reject.reason, secrets::hidden(&reject.detail))),
                Vec::new(),
                Assumed::default(),
            ),
        };
        if let Ok(record) = &read
            && self.previews_wanted > 0
        {
            self.previews_wanted -= 1;
            self.previews.push(preview(record));
        }
        self.mended.clear();
        let Piece {
            at, mut raw, bytes, ..
        } = piece;
        if raw.len() > MAX_SHOWN_BYTES {
            raw.truncate(MAX_SHOWN_BYTES);
            raw.shrink_to_fit();
        }
        ReadRecord {
            file: self.file.clone(),
            at: at.cut(),
            raw,
            bytes,
            read,
            repairs,
            assumed,
        }
    }
}

/// Creates a piece that was not cut out of a file.
pub fn piece(at: Position, raw: Vec<u8>, whole: Result<(), Reject>) -> Piece {
    Piece {
        at,
        line: 1,
        column: 1,
        offset: 0,
        bytes: raw.len() as u64,
        raw,
        alone: false,
        whole,
    }
}
