//! Finds the beginning and end of the records in a file without parsing them: a bad record costs
//! only itself, and memory holds at most one record at a time.
//!
//! Accepted inputs are an object by id, a list, either of them inside other objects ([`envelope`]),
//! a single record, and any sequence of these, such as JSON Lines. A broken line of JSON Lines
//! costs only itself.

mod bytes;
mod envelope;
mod scalars;
mod scan;

use super::{
    reject::{Reason, Reject},
    repair,
    report::Position,
};
use bytes::{Bytes, Place, SplitError, Step, broken};
pub use bytes::{MAX_RECORD_BYTES, too_large};
use scalars::ScalarRun;
pub use scan::Scan;
use serde_json::{Map, Value};
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

/// Maximum bytes of a member's name; an id has at most 64 characters.
const MAX_NAME_BYTES: usize = 64 << 10;

/// Number of lines that are single records, after which every line is taken for one.
const SURE_LINES: u32 = 3;

struct Splitter<'a, R> {
    bytes: Bytes<R>,
    shapes: Shapes<'a>,
    /// Whether to keep the bytes of records that have a key.
    keeping: bool,
    /// Whether an earlier value ended with its line as required.
    lines: bool,
    /// Number of lines so far that were a single record.
    single_lines: u32,
    /// Whether the value at hand is the first of the file.
    first: bool,
    /// Consecutive values without members.
    scalars: ScalarRun,
    found: &'a mut dyn FnMut(Piece) -> bool,
}

impl<'a, R: BufRead> Splitter<'a, R> {
    fn new(
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

    fn file(&mut self) -> Step {
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
            b'[' => {
                self.bytes.pass(1)?;
                if self.bytes.next_visible()? == Some(b']') {
                    return self.bytes.pass(1);
                }
                self.elements(0)
            }
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

    /// Passes over the elements of a list from this one on, to its closing bracket.
    fn elements(&mut self, from: u64) -> Step {
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
    fn members(&mut self) -> Step {
        loop {
            let (name, _) = self.member_name()?;
            self.record(Position::Key(name))?;
            if self.comma_or(b'}')? {
                return Ok(());
            }
        }
    }

    /// Passes over the name of a member, and returns it with the first byte of the value.
    fn member_name(&mut self) -> Step<(String, u8)> {
        match self.bytes.next_visible()? {
            Some(b'"') => {}
            Some(other) => return Err(self.unexpected(other, "the name of a member")),
            None => return Err(self.bytes.truncated()),
        }
        let name = self.name()?;
        self.expect(b':')?;
        let value = self.bytes.next_visible()?;
        Ok((name, value.ok_or_else(|| self.bytes.truncated())?))
    }

    /// Passes over a comma, or over the closing byte, for which it returns true.
    fn comma_or(&mut self, close: u8) -> Step<bool> {
        match self.bytes.next_visible()? {
            Some(b',') => self.bytes.pass(1).map(|()| false),
            Some(byte) if byte == close => self.bytes.pass(1).map(|()| true),
            Some(other) => Err(self.unexpected(other, "a comma between two records")),
            None => Err(self.bytes.truncated()),
        }
    }

    fn record(&mut self, at: Position) -> Step {
        let place = self.bytes.place();
        let keep = self.keeping || !matches!(at, Position::Key(_));
        self.bytes.start_recording(keep);
        self.record_to_its_end(at, place, 0)
    }

    /// Passes over the rest of a value with `depth` open brackets, and hands the value on.
    fn record_to_its_end(&mut self, at: Position, place: Place, depth: usize) -> Step {
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
    fn value_met(&mut self, at: Position, place: Place, raw: Vec<u8>) -> Step {
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

    fn piece(&self, at: Position, place: Place, raw: Vec<u8>, whole: Result<(), Reject>) -> Piece {
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

    fn hand_on(&mut self, piece: Piece) -> Step {
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
    fn end_scalars(&mut self) -> Step {
        let go_on = self.scalars.end().is_none_or(|piece| (self.found)(piece));
        if go_on { Ok(()) } else { Err(SplitError::Done) }
    }

    /// Passes over a value: to its closing bracket or quote, or to the end of a number or word.
    fn value(&mut self, depth: usize) -> Step {
        let first = self.bytes.peek()?.ok_or_else(|| self.bytes.truncated())?;
        if depth == 0 && !matches!(first, b'{' | b'[' | b'"') {
            return self.scalar(first);
        }
        let mut scan = Scan::at(depth);
        loop {
            let chunk = self.bytes.fill()?;
            if chunk.is_empty() {
                return Err(self.bytes.truncated());
            }
            let (used, ended) = scan.advance(chunk);
            self.bytes.pass(used)?;
            if ended {
                return Ok(());
            }
        }
    }

    fn scalar(&mut self, first: u8) -> Step {
        if !begins_scalar(first) {
            return Err(self.unexpected(first, "a record"));
        }
        while let Some(byte) = self.bytes.peek()? {
            if matches!(byte, b',' | b'}' | b']' | b'{' | b'[' | b':' | b'"')
                || byte.is_ascii_whitespace()
            {
                break;
            }
            self.bytes.pass(1)?;
        }
        Ok(())
    }

    /// Reads the name of a member. A name that is not valid text (a lone surrogate, bytes that are
    /// not UTF-8) is decoded with replacements, since it only shows the position of a record.
    fn name(&mut self) -> Step<String> {
        let mut raw = Vec::new();
        let mut escaped = false;
        loop {
            let byte = self.bytes.peek()?.ok_or_else(|| self.bytes.truncated())?;
            self.bytes.pass(1)?;
            raw.push(byte);
            if raw.len() > MAX_NAME_BYTES {
                let detail = format!(
                    "The name of a field is longer than {} KiB, the maximum; the rest of the file \
                    was not read.",
                    MAX_NAME_BYTES >> 10
                );
                return Err(broken(Reason::TooLarge, detail));
            }
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' if raw.len() > 1 => break,
                _ => {}
            }
        }
        let lossy = || String::from_utf8_lossy(&raw[1..raw.len() - 1]).into_owned();
        let read = repair::read(&raw)
            .ok()
            .and_then(|read| read.value.as_str().map(str::to_owned));
        Ok(read.unwrap_or_else(lossy))
    }

    fn expect(&mut self, wanted: u8) -> Step {
        match self.bytes.next_visible()? {
            Some(byte) if byte == wanted => self.bytes.pass(1),
            Some(other) => Err(self.unexpected(other, &format!("`{}`", char::from(wanted)))),
            None => Err(self.bytes.truncated()),
        }
    }

    fn unexpected(&self, byte: u8, wanted: &str) -> SplitError {
        let (line, column) = (self.bytes.line, self.bytes.column);
        let what = if self.bytes.fenced {
            "the rest of this line"
        } else {
            "what follows"
        };
        let detail = format!(
            "In line {line}, column {column}, {wanted} should stand where {} does; {what} was not \
            read.",
            shown(byte)
        );
        broken(Reason::MalformedJson, detail)
    }

    fn not_json(&self, byte: u8) -> SplitError {
        let detail = format!(
            "The file is not JSON: it begins with {}. Understood is a dump in JSON, as an object by id, a list, or a \
             record a line.",
            shown(byte)
        );
        broken(Reason::NotJson, detail)
    }
}

fn shown(byte: u8) -> String {
    if byte.is_ascii_graphic() {
        format!("`{}`", char::from(byte))
    } else {
        format!("the byte 0x{byte:02x}")
    }
}

fn begins_value(byte: u8) -> bool {
    matches!(byte, b'{' | b'[') || begins_scalar(byte)
}

/// Whether a number, word or string begins with this byte. Words that are not JSON count, so that
/// `NaN` is reported as a record and not as a broken file.
fn begins_scalar(byte: u8) -> bool {
    matches!(byte, b'"' | b'-')
        || byte.is_ascii_digit()
        || matches!(byte, b't' | b'f' | b'n' | b'N' | b'I')
}

#[cfg(test)]
mod tests;
