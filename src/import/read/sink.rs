//! Receiver of the records of all readers. It parses each record, recognises its store, removes its
//! secrets and makes its rows, in the same way for every kind of source.

mod read_record;

use super::{
    super::{
        assumed::Assumed,
        identity::IdentityNames,
        legacy::Repair,
        newest::{NewestRecords, Standing},
        reject::{Reason, Reject},
        report::Position,
        secrets,
        seen::{RepeatedKeys, SeenIds},
        sources::{Context, SourceKind},
        split::Piece,
        stop::StopFlag,
    },
    ReadRecord, RecordBatch, RecordReader,
    memory_permits::{MemoryPermit, MemoryPermits},
    preview::preview,
};
use crate::db::write::ImportedJob;
use serde_json::{Map, Value};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::mpsc;

/// Number of records at which a batch is sent. One transaction writes a batch.
const MAX_BATCH_RECORDS: usize = 5000;
/// Size of the records' text, in bytes, at which a batch is sent.
const BATCH_BYTES: usize = 2 << 20;
/// Estimated memory of the records, in bytes, at which a batch is sent.
const BATCH_WEIGHT: usize = 16 << 20;

/// Estimated memory, in bytes, from which a record is heavy. The sink parses a heavy record only
/// after all earlier records are written, and none beside it.
const HEAVY_RECORD_BYTES: usize = BATCH_WEIGHT / 4;

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

    /// Notes a record of the first pass over a file.
    pub fn survey(&mut self, piece: &Piece) {
        if piece.whole.is_err() {
            return;
        }
        match &piece.at {
            Position::Key(key) => self.repeated.meet(key),
            _ if piece.alone => {}
            _ => {
                if let Some(identity) = self.identity.of(&piece.raw) {
                    self.newest.meet(&identity, piece.offset);
                }
            }
        }
    }

    /// Ends the first pass over a file.
    pub fn end_survey(&mut self) {
        self.repeated.settle();
        self.newest.settle();
    }

    /// Role of a record among those of its id.
    fn standing(&self, piece: &Piece) -> Standing {
        if self.newest.is_empty() || matches!(piece.at, Position::Key(_)) || piece.whole.is_err() {
            return Standing::Only;
        }
        let identity = self.identity.of(&piece.raw);
        identity.map_or(Standing::Only, |identity| {
            self.newest.standing(&identity, piece.offset)
        })
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
        let weight = weight(&piece.raw);
        if weight >= HEAVY_RECORD_BYTES {
            return self.take_alone(piece);
        }
        self.weight += weight;
        self.bytes += piece.raw.len();
        let entry = self.entry(piece);
        self.batch.push(entry);
        if self.batch.len() < MAX_BATCH_RECORDS
            && self.bytes < BATCH_BYTES
            && self.weight < BATCH_WEIGHT
        {
            return true;
        }
        self.send()
    }

    /// Takes a heavy record while no other record is in memory. Returns false when the reader
    /// should stop.
    fn take_alone(&mut self, piece: Piece) -> bool {
        if !self.send() {
            return false;
        }
        let Some(room) = self.rooms.alone(&self.stop) else {
            return false;
        };
        let entry = self.entry(piece);
        self.hand_over(vec![entry], Some(room))
    }

    /// Sends records, and what was found beside them.
    fn hand_over(&mut self, entries: Vec<ReadRecord>, room: Option<MemoryPermit>) -> bool {
        let batch = RecordBatch {
            entries,
            superseded: std::mem::take(&mut self.superseded),
            previews: std::mem::take(&mut self.previews),
            room,
        };
        self.sender.blocking_send(batch).is_ok()
    }

    /// Sends the batch if it has records. Returns false when the reader should stop.
    fn send(&mut self) -> bool {
        if self.batch.is_empty() {
            return !self.stop.is_requested();
        }
        (self.bytes, self.weight) = (0, 0);
        let entries = std::mem::take(&mut self.batch);
        let Some(room) = self.rooms.batch(&self.stop) else {
            return false;
        };
        self.hand_over(entries, Some(room))
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

    fn last_of_its_key(&mut self, piece: &Piece) -> Result<(), Reject> {
        match &piece.at {
            Position::Key(key) if self.repeated.comes_again(key) => {
                let detail = format!(
                    "The key {key} occurs again later in this object; the last record is imported."
                );
                Err(Reject::new(Reason::DuplicateId, detail))
            }
            _ => Ok(()),
        }
    }

    fn once(&mut self, record: ImportedJob) -> Result<ImportedJob, Reject> {
        let id = &record.job.id;
        if self.seen.add(id) {
            return Ok(record);
        }
        let detail = format!(
            "The id {id} stands further up in this file already; that record counts. \
                A pipe is read only once: in a file, the newest record of an id counts."
        );
        Err(Reject::new(Reason::DuplicateId, detail))
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

/// Estimated memory of a record, in bytes. Besides its text, a record takes memory for each value
/// and object, which commas and brackets count. A string that contains these is overestimated.
fn weight(raw: &[u8]) -> usize {
    let counted = |byte: &u8| match byte {
        b'{' => 700,
        b',' | b'[' => 64,
        _ => 0,
    };
    2 * raw.len() + raw.iter().map(counted).sum::<usize>()
}
