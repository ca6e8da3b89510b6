//! Hands on what was found: a record with its text, a place where none could be found, and
//! consecutive values that cannot be records, as one.

use super::{
    MAX_RECORD_BYTES, Piece, Splitter,
    bytes::{Place, SplitError, Step, too_large},
    scalars::ScalarRun,
};
use crate::import::{reject::Reject, report::Position};
use std::io::BufRead;

impl<R: BufRead> Splitter<'_, R> {
    /// Passes over the rest of a value with `depth` open brackets, and hands the value on.
    pub fn record_to_its_end(&mut self, at: Position, place: Place, depth: usize) -> Step {
        let passed = self.value(depth);
        self.bytes.recording = false;
        let raw = std::mem::take(&mut self.bytes.raw);
        let whole = match passed {
            Ok(()) => return self.value_met(at, place, raw),
            Err(SplitError::Broken(reject)) => Err(reject),
            Err(stop) => return Err(stop),
        };
        self.hand_on(self.piece(at, place, raw, whole))?;
        Err(SplitError::Reported)
    }

    /// Hands on a value that has ended.
    pub fn value_met(&mut self, at: Position, place: Place, raw: Vec<u8>) -> Step {
        let is_line = matches!(at, Position::Line(_));
        let piece = self.piece(at, place, raw, Ok(()));
        if self.keeping && ScalarRun::take(&piece.at, &piece.raw) {
            return self.scalar_met(piece);
        }
        let alone = is_line && self.first && self.is_at_end();
        let whole = if piece.raw.len() > MAX_RECORD_BYTES {
            Err(too_large())
        } else {
            Ok(())
        };
        self.hand_on(Piece {
            alone,
            whole,
            ..piece
        })
    }

    /// Whether nothing follows in the file.
    fn is_at_end(&mut self) -> bool {
        !self.bytes.fenced && self.bytes.next_visible().is_ok_and(|next| next.is_none())
    }

    pub fn piece(
        &self,
        at: Position,
        place: Place,
        raw: Vec<u8>,
        whole: Result<(), Reject>,
    ) -> Piece {
        // A value without all its text has just been passed over.
        let bytes = match raw.len() {
            whole @ 1..=MAX_RECORD_BYTES => whole as u64,
            _ => self.bytes.offset - place.offset,
        };
        Piece {
            at,
            line: place.line,
            column: place.column,
            offset: place.offset,
            raw,
            bytes,
            alone: false,
            whole,
        }
    }

    pub fn hand_on(&mut self, piece: Piece) -> Step {
        self.end_scalars()?;
        if (self.found)(piece) {
            Ok(())
        } else {
            Err(SplitError::Done)
        }
    }

    /// Counts a value that cannot be a record; consecutive ones are one reject.
    fn scalar_met(&mut self, piece: Piece) -> Step {
        self.scalars.add(piece);
        Ok(())
    }

    /// Hands on the counted values as one piece, if there are any.
    pub fn end_scalars(&mut self) -> Step {
        let go_on = self.scalars.end().is_none_or(|piece| (self.found)(piece));
        if go_on { Ok(()) } else { Err(SplitError::Done) }
    }
}
