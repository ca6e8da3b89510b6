//! Goes on after a record inside an object was found: with the other records by id, or with the
//! rest of the envelope.

use super::{
    super::{
        Piece, Splitter,
        bytes::{Step, too_large},
    },
    HOLDERS, Inside,
    held::Held,
    is_nested,
};
use crate::import::report::Position;
use std::io::BufRead;

impl<R: BufRead> Splitter<'_, R> {
    /// Goes on after an object that is larger than a record, which then is one of several by id.
    pub(super) fn too_large_by_id(&mut self, held: &mut Vec<Held>) -> Step<Inside> {
        if let Some(last) = held.pop() {
            let part = self.bytes.raw.get(last.text.start..).unwrap_or_default();
            let part = part.to_vec();
            let bytes = self.bytes.offset - last.place.offset;
            self.hand_on_held(held, false)?;
            let at = Position::Key(last.name);
            let piece = self.piece(at, last.place, part, Err(too_large()));
            self.hand_on(Piece { bytes, ..piece })?;
        }
        self.rest_by_id()
    }

    /// Goes on after a member: with the rest of the records by id if it is a record, with the rest
    /// of the envelope if its records were handed on.
    pub(super) fn judged(&mut self, found: Inside, held: &[Held]) -> Step<Option<Inside>> {
        match found {
            Inside::Nothing => Ok(None),
            Inside::Record => {
                self.hand_on_held(held, false)?;
                self.rest_by_id().map(Some)
            }
            Inside::Streamed => {
                self.rest_of_envelope()?;
                Ok(Some(Inside::Streamed))
            }
        }
    }

    /// Passes over the records by id after one of them.
    fn rest_by_id(&mut self) -> Step<Inside> {
        if !self.comma_or(b'}')? {
            self.members()?;
        }
        Ok(Inside::Streamed)
    }

    /// Passes over the members after the records of an envelope, which may have more records.
    fn rest_of_envelope(&mut self) -> Step {
        self.bytes.recording = false;
        while !self.comma_or(b'}')? {
            let (name, first) = self.member_name()?;
            let place = self.bytes.place();
            if !is_nested(first) {
                self.value(0)?;
                continue;
            }
            self.bytes.start_recording(true);
            let found = self.nested(first, 1, HOLDERS.contains(&name.as_str()));
            self.bytes.recording = false;
            if matches!(found?, Inside::Record) {
                let record = std::mem::take(&mut self.bytes.raw);
                self.value_met(Position::Key(name), place, record)?;
            }
        }
        Ok(())
    }
}
