//! Tells what an object is before its end: a record, records by id, or an envelope with such lists
//! and objects inside, at any place and up to three levels deep. The splitter keeps the text of an
//! object until it knows, and parses the first values inside to see whether they are records.

mod go_on;
mod held;

use super::{
    MAX_RECORD_BYTES, Splitter,
    bytes::{Place, SplitError, Step},
};
use crate::import::{repair, report::Position};
use held::Held;
use serde_json::{Map, Value};
use std::{io::BufRead, ops::Range};

/// Maximum levels of objects around the list of records.
const MAX_LEVELS: usize = 3;

/// Levels of objects at which [`HOLDERS`] are looked for.
const HOLDER_LEVELS: usize = 2;

/// Maximum elements of a list to parse in search of a record.
const MAX_PROBED: u64 = 3;

/// Maximum members of an object to look into.
const MAX_MEMBERS: usize = 1000;

/// Members that hold records, whatever these look like.
const HOLDERS: [&str; 2] = ["jobs", "documents"];

/// Number of lines that are single records, after which every line is taken for one.
const SURE_LINES: u32 = 3;

/// Finding about a value inside an object.
enum Inside {
    /// Nothing in it is a record, nor is the value itself.
    Nothing,
    /// The value is a record.
    Record,
    /// Its records were handed on, and the splitter keeps no text any more.
    Streamed,
}

/// Whether an object or a list begins with this byte.
fn is_nested(first: u8) -> bool {
    matches!(first, b'{' | b'[')
}

impl<R: BufRead> Splitter<'_, R> {
    /// Passes over an object at the root.
    pub fn object(&mut self) -> Step {
        let place = self.bytes.place();
        self.bytes.start_recording(true);
        let mut held = Vec::new();
        match self.inside(0, true, &mut held) {
            Ok(Inside::Streamed) => Ok(()),
            Ok(Inside::Record) => self.single_record(place),
            Ok(Inside::Nothing) => self.decide(place, &held),
            Err(SplitError::Broken(reject)) if self.bytes.recording => {
                self.broken_object(place, held, reject)
            }
            Err(other) => Err(other),
        }
    }

    /// Hands on the kept text, which is a record at the root.
    fn single_record(&mut self, place: Place) -> Step {
        self.bytes.recording = false;
        let record = std::mem::take(&mut self.bytes.raw);
        self.single_lines += u32::from(self.bytes.fenced);
        self.value_met(Position::Line(place.line), place, record)
    }

    /// Passes over an object from its opening bracket on. At the root, an object with an id is a
    /// record.
    fn inside(&mut self, level: usize, root: bool, held: &mut Vec<Held>) -> Step<Inside> {
        self.bytes.pass(1)?;
        if self.bytes.next_visible()? == Some(b'}') {
            self.bytes.pass(1)?;
            return Ok(Inside::Nothing);
        }
        loop {
            let (name, first) = self.member_name()?;
            let place = self.bytes.place();
            let start = self.bytes.raw.len();
            let sure = root && self.bytes.fenced && self.single_lines >= SURE_LINES;
            if sure || (!is_nested(first) && (self.shapes.is_id)(&name)) || held.len() > MAX_MEMBERS
            {
                self.value(1)?;
                return Ok(if root {
                    Inside::Record
                } else {
                    Inside::Nothing
                });
            }
            let holder = HOLDERS.contains(&name.as_str());
            held.push(Held {
                name,
                first,
                place,
                text: start..start,
            });
            let found = self.nested(first, level, holder)?;
            if let Some(member) = held.last_mut() {
                member.text.end = self.bytes.raw.len();
            }
            if let Some(found) = self.judged(found, held)? {
                return Ok(found);
            }
            let is_full = root && self.bytes.raw.len() > MAX_RECORD_BYTES;
            if is_full && held.iter().all(|member| member.first == b'{') {
                return self.too_large_by_id(held);
            }
            if self.comma_or(b'}')? {
                return Ok(Inside::Nothing);
            }
        }
    }

    /// Passes over a value inside an object, in search of records.
    fn nested(&mut self, first: u8, level: usize, holder: bool) -> Step<Inside> {
        let start = self.bytes.raw.len();
        let looks = level < MAX_LEVELS;
        match first {
            b'[' if holder && level < HOLDER_LEVELS => {
                self.bytes.recording = false;
                self.list_of_records()?;
                return Ok(Inside::Streamed);
            }
            b'[' if looks => return self.list(),
            b'{' if looks => {
                let mut held = Vec::new();
                match self.inside(level + 1, false, &mut held)? {
                    Inside::Nothing => {}
                    other => return Ok(other),
                }
                if holder && level < HOLDER_LEVELS && !self.is_record(start) {
                    self.hand_on_held(&held, true)?;
                    return Ok(Inside::Streamed);
                }
            }
            _ => self.value(0)?,
        }
        let is_record = first == b'{' && self.is_record(start);
        Ok(if is_record {
            Inside::Record
        } else {
            Inside::Nothing
        })
    }

    /// Passes over a list inside an object.
    fn list(&mut self) -> Step<Inside> {
        self.bytes.pass(1)?;
        if self.bytes.next_visible()? == Some(b']') {
            self.bytes.pass(1)?;
            return Ok(Inside::Nothing);
        }
        let mut passed = Vec::new();
        for n in 0..MAX_PROBED {
            self.bytes.next_visible()?;
            let (place, start) = (self.bytes.place(), self.bytes.raw.len());
            self.value(0)?;
            passed.push((place, start..self.bytes.raw.len()));
            if self.is_record(start) {
                self.bytes.recording = false;
                let text = std::mem::take(&mut self.bytes.raw);
                for ((place, part), at) in passed.into_iter().zip(0..) {
                    self.value_met(Position::Element(at), place, text[part].to_vec())?;
                }
                if !self.comma_or(b']')? {
                    self.elements(n + 1)?;
                }
                return Ok(Inside::Streamed);
            }
            if self.comma_or(b']')? {
                return Ok(Inside::Nothing);
            }
        }
        self.value(1)?;
        Ok(Inside::Nothing)
    }

    /// Whether the kept text from this byte on is a record.
    fn is_record(&self, start: usize) -> bool {
        let record = self.parsed(start..self.bytes.raw.len());
        record.is_some_and(|record| (self.shapes.is_record)(&record))
    }

    /// Object in the kept text; `None` if that is anything else, or larger than a record.
    fn parsed(&self, text: Range<usize>) -> Option<Map<String, Value>> {
        let kept = &self.bytes.raw;
        if kept.len() > MAX_RECORD_BYTES || !kept.get(text.start..)?.starts_with(b"{") {
            return None;
        }
        match repair::read(kept.get(text)?).ok()?.value {
            Value::Object(members) => Some(members),
            _ => None,
        }
    }
}
