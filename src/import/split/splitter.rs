//! Splitter of a file: passes over its values, each of which is a record, a list or an object with
//! records inside, or broken.

use super::{
    Piece, Shapes,
    bytes::{Bytes, SplitError, Step, broken},
    scalars::ScalarRun,
    tokens::{begins_scalar, begins_value},
};
use crate::import::{reject::Reason, report::Position};
use std::io::BufRead;

pub struct Splitter<'a, R> {
    pub bytes: Bytes<R>,
    pub shapes: Shapes<'a>,
    /// Whether to keep the bytes of records that have a key.
    pub keeping: bool,
    /// Whether an earlier value ended with its line as required.
    lines: bool,
    /// Number of lines so far that were a single record.
    pub single_lines: u32,
    /// Whether the value at hand is the first of the file.
    pub first: bool,
    /// Consecutive values without members.
    pub scalars: ScalarRun,
    pub found: &'a mut dyn FnMut(Piece) -> bool,
}

impl<'a, R: BufRead> Splitter<'a, R> {
    pub fn new(
        input: R,
        shapes: Shapes<'a>,
        keeping: bool,
        found: &'a mut dyn FnMut(Piece) -> bool,
    ) -> Self {
        Self {
            bytes: Bytes::new(input),
            shapes,
            keeping,
            lines: false,
            single_lines: 0,
            first: true,
            scalars: ScalarRun::default(),
            found,
        }
    }

    pub fn file(&mut self) -> Step {
        self.byte_order_mark()?;
        let mut empty = true;
        while let Some(byte) = self.bytes.next_visible()? {
            let place = self.bytes.place();
            self.bytes.fenced = (!empty || begins_value(byte)) && self.is_line()?;
            let passed = self.root(byte, empty);
            match passed {
                Err(SplitError::Broken(reject)) if self.bytes.fenced => {
                    self.bytes.pass_line()?;
                    let raw = std::mem::take(&mut self.bytes.raw);
                    let at = Position::Line(place.line);
                    self.hand_on(self.piece(at, place, raw, Err(reject)))?;
                }
                Err(SplitError::Reported) if self.bytes.fenced => self.bytes.pass_line()?,
                other => {
                    other?;
                    self.lines |= self.bytes.fenced;
                }
            }
            (self.bytes.fenced, self.first, empty) = (false, false, false);
        }
        if empty {
            Err(broken(Reason::EmptyFile, "The file is empty."))
        } else {
            Ok(())
        }
    }

    fn root(&mut self, byte: u8, empty: bool) -> Step {
        match byte {
            b'{' => self.object(),
            b'[' => self.list_of_records(),
            _ if begins_scalar(byte) => self.record(Position::Line(self.bytes.line)),
            _ if empty => Err(self.not_json(byte)),
            _ => {
                self.bytes.start_recording(self.keeping);
                Err(self.unexpected(byte, "a record"))
            }
        }
    }

    /// Whether the value that begins here must end with its line, as in JSON Lines: earlier values
    /// did, or the next line begins with a bracket that cannot belong to this value. If the buffer
    /// does not hold the whole line, the earlier values decide.
    fn is_line(&mut self) -> Step<bool> {
        let (lines, column) = (self.lines, self.bytes.column);
        let Some(end) = self.bytes.line_end()? else {
            return Ok(lines);
        };
        let chunk = self.bytes.buffer()?;
        let line = chunk[..end].trim_ascii_end();
        Ok(match lines {
            // A value that spans several lines begins with a bracket alone.
            true => line.len() > 1,
            false => {
                column == 1
                    && chunk.get(end + 1) == Some(&b'{')
                    && !line.last().is_some_and(|byte| b"{[:,".contains(byte))
            }
        })
    }

    fn byte_order_mark(&mut self) -> Step {
        let start = self.bytes.fill()?;
        let marked = start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]);
        // One of the first two bytes of a JSON text is 0 in UTF-16; in UTF-8 none is.
        let utf16 = marked || matches!(start, [a, b, ..] if (*a == 0) != (*b == 0));
        let utf8 = start.starts_with("\u{feff}".as_bytes());
        if utf16 {
            return Err(broken(
                Reason::NotJson,
                "The file is in UTF-16 or UTF-32: convert it to UTF-8 first.",
            ));
        }
        if utf8 {
            self.bytes.pass(3)?;
        }
        Ok(())
    }

    /// Passes over a list of records, from its opening bracket on.
    pub fn list_of_records(&mut self) -> Step {
        self.bytes.pass(1)?;
        if self.bytes.next_visible()? == Some(b']') {
            return self.bytes.pass(1);
        }
        self.elements(0)
    }

    /// Passes over the elements of a list from this one on, to its closing bracket.
    pub fn elements(&mut self, from: u64) -> Step {
        for n in from.. {
            self.bytes.next_visible()?;
            self.record(Position::Element(n))?;
            if self.comma_or(b']')? {
                break;
            }
        }
        Ok(())
    }

    /// Passes over the records of an object by id from this member on, to its closing bracket.
    pub fn members(&mut self) -> Step {
        loop {
            let (name, _) = self.member_name()?;
            self.record(Position::Key(name))?;
            if self.comma_or(b'}')? {
                return Ok(());
            }
        }
    }

    fn record(&mut self, at: Position) -> Step {
        let place = self.bytes.place();
        let keep = self.keeping || !matches!(at, Position::Key(_));
        self.bytes.start_recording(keep);
        self.record_to_its_end(at, place, 0)
    }
}
