//! Finds the beginning and end of the records in a file without parsing them: a bad record costs
//! only itself, and memory holds at most one record at a time.
//!
//! Accepted inputs are an object by id, a list, either of them inside other objects ([`envelope`]),
//! a single record, and any sequence of these, such as JSON Lines. A broken line of JSON Lines
//! costs only itself.

mod bytes;
mod envelope;
mod hand_on;
mod scalars;
mod scan;
mod splitter;
mod tokens;

use super::{reject::Reject, report::Position};
use bytes::SplitError;
pub use bytes::{MAX_RECORD_BYTES, too_large};
pub use scan::Scan;
use serde_json::{Map, Value};
use splitter::Splitter;
use std::io::BufRead;

/// Raw text of a record, or a place where no record could be found.
pub struct Piece {
    pub at: Position,
    /// Line in which the record begins, from 1. The column counts bytes, from 1.
    pub line: u64,
    pub column: u64,
    /// Bytes before the record in the file, which tell it from the others.
    pub offset: u64,
    /// Raw bytes of the record; of a record that is too large, only the beginning.
    pub raw: Vec<u8>,
    /// Size of the whole record, in bytes.
    pub bytes: u64,
    /// Whether the file is this record and nothing else.
    pub alone: bool,
    pub whole: Result<(), Reject>,
}

/// What the splitter has to know about records.
#[derive(Clone, Copy)]
pub struct Shapes<'a> {
    /// Whether an object is a record.
    pub is_record: &'a dyn Fn(&Map<String, Value>) -> bool,
    /// Whether a member of this name identifies a record, so that the members beside it are those
    /// of one record.
    pub is_id: &'a dyn Fn(&str) -> bool,
    /// Whether records have a field of this name, which then is no id.
    pub is_field: &'a dyn Fn(&str) -> bool,
}

/// Passes each record of the input to `found`, in order, until that returns false.
pub fn split(input: impl BufRead, shapes: Shapes<'_>, found: &mut dyn FnMut(Piece) -> bool) {
    let mut splitter = Splitter::new(input, shapes, true, found);
    let broken = match splitter.file() {
        Err(SplitError::Done) => return,
        Err(SplitError::Broken(reject)) => Some(reject),
        Err(SplitError::Reported) | Ok(()) => None,
    };
    if splitter.end_scalars().is_ok()
        && let Some(reject) = broken
    {
        let piece = splitter.piece(
            Position::File,
            splitter.bytes.place(),
            Vec::new(),
            Err(reject),
        );
        (splitter.found)(Piece { bytes: 0, ..piece });
    }
}

/// Passes each record of the input to `met`. One under a key has no text.
pub fn survey(input: impl BufRead, shapes: Shapes<'_>, met: &mut dyn FnMut(Piece)) {
    let mut found = |piece: Piece| {
        met(piece);
        true
    };
    // The pass that reads the records will report the same error.
    let _ = Splitter::new(input, shapes, false, &mut found).file();
}

#[cfg(test)]
mod tests;
