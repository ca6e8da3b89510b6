//! Batches of records: sent by number, size and estimated memory, and a heavy record alone.

use super::RecordSink;
use crate::import::{
    read::{ReadRecord, RecordBatch, memory_permits::MemoryPermit},
    split::Piece,
};

/// Number of records at which a batch is sent. One transaction writes a batch.
const MAX_BATCH_RECORDS: usize = 5000;
/// Size of the records' text, in bytes, at which a batch is sent.
const BATCH_BYTES: usize = 2 << 20;
/// Estimated memory of the records, in bytes, at which a batch is sent.
const BATCH_WEIGHT: usize = 16 << 20;

/// Estimated memory, in bytes, from which a record is heavy. The sink parses a heavy record only
/// after all earlier records are written, and none beside it.
const HEAVY_RECORD_BYTES: usize = BATCH_WEIGHT / 4;

/// Estimated memory of an object, and of another value, in bytes.
const OBJECT_BYTES: usize = 700;
const VALUE_BYTES: usize = 64;

impl RecordSink {
    /// Adds a record to the batch, which is sent when it is full. Returns false when the reader
    /// should stop.
    pub(super) fn add(&mut self, piece: Piece) -> bool {
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
    pub(super) fn hand_over(
        &mut self,
        entries: Vec<ReadRecord>,
        room: Option<MemoryPermit>,
    ) -> bool {
        let batch = RecordBatch {
            entries,
            superseded: std::mem::take(&mut self.superseded),
            previews: std::mem::take(&mut self.previews),
            room,
        };
        self.sender.blocking_send(batch).is_ok()
    }

    /// Sends the batch if it has records. Returns false when the reader should stop.
    pub(super) fn send(&mut self) -> bool {
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
}

/// Estimated memory of a record, in bytes. Besides its text, a record takes memory for each value
/// and object, which commas and brackets count. A string that contains these is overestimated.
fn weight(raw: &[u8]) -> usize {
    let counted = |byte: &u8| match byte {
        b'{' => OBJECT_BYTES,
        b',' | b'[' => VALUE_BYTES,
        _ => 0,
    };
    2 * raw.len() + raw.iter().map(counted).sum::<usize>()
}
