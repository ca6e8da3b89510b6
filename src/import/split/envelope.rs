//! Tells what an object is before its end: a record, records by id, or an envelope with such lists
//! and objects inside, at any place and up to three levels deep. The splitter keeps the text of an
//! object until it knows, and parses the first values inside to see whether they are records.

use super::{
    MAX_RECORD_BYTES, Piece, Place, Position, SURE_LINES, SplitError, Splitter, Step, repair,
    too_large,
};
use crate::import::reject::Reject;
use serde_json::{Map, Value};
use std::{collections::BTreeSet, io::BufRead, ops::Range};

/// Maximum levels of objects around the list of records.
const MAX_LEVELS: usize = 3;

/// Maximum elements of a list to parse in search of a record.
const MAX_PROBED: u64 = 3;

/// Maximum members of an object to look into.
const MAX_MEMBERS: usize = 1000;

/// Members that hold records, whatever these look like.
const HOLDERS: [&str; 2] = ["jobs", "documents"];

/// Members whose empty value is a list without records.
const EMPTY_HOLDERS: [&str; 8] = [
    "data", "tasks", "results", "records", "rows", "entries", "list", "queue",
];

/// Names beside records that tell about all of them, and are no ids.
const ABOUT_ALL: [&str; 16] = [
    "success",
    "ok",
    "version",
    "total",
    "count",
    "code",
    "message",
    "timestamp",
    "next_id",
    "page",
    "limit",
    "offset",
    "has_more",
    "filtered",
    "generated_at",
    "exported_at",
];

/// Finding about a value inside an object.
enum Inside {
    /// Nothing in it is a record, nor is the value itself.
    Nothing,
    /// The value is a record.
    Record,
    /// Its records were handed on, and the splitter keeps no text any more.
    Streamed,
}

/// A member of an object that the splitter cannot judge yet.
struct Held {
    name: String,
    first: u8,
    place: Place,
    /// Place of the value in the text that is kept.
    text: Range<usize>,
}

impl<R: BufRead> Splitter<'_, R> {
    /// Passes over an object at the root.
    pub(super) fn object(&mut self) -> Step {
        let place = self.bytes.place();
        self.bytes.start_recording(true);
        let mut held = Vec::new();
        match self.inside(0, true, &mut held) {
            Ok(Inside::Streamed) => Ok(()),
            Ok(Inside::Record) => {
                let record = std::mem::take(&mut self.bytes.raw);
                self.bytes.recording = false;
                self.single_lines += u32::from(self.bytes.fenced);
                self.value_met(Position::Line(place.line), place, record)
            }
            Ok(Inside::Nothing) => self.decide(place, &held),
            Err(SplitError::Broken(reject)) if self.bytes.recording => {
                self.broken_object(place, held, reject)
            }
            Err(other) => Err(other),
        }
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
            let is_nested = matches!(first, b'{' | b'[');
            let sure = root && self.bytes.fenced && self.single_lines >= SURE_LINES;
            if sure || (!is_nested && (self.shapes.is_id)(&name)) || held.len() > MAX_MEMBERS {
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

    /// Goes on after an object that is larger than a record, which then is one of several by id.
    fn too_large_by_id(&mut self, held: &mut Vec<Held>) -> Step<Inside> {
        if let Some(last) = held.pop() {
            let part = self.bytes.raw.get(last.text.start..).unwrap_or_default();
            let part = part.to_vec();
            let bytes = self.bytes.offset - last.place.offset;
            self.hand_on_held(held, false)?;
            let at = Position::Key(last.name);
            let piece = self.piece(at, last.place, part, Err(too_large()));
            self.hand_on(Piece { bytes, ..piece })?;
        }
        if !self.comma_or(b'}')? {
            self.members()?;
        }
        Ok(Inside::Streamed)
    }

    /// Goes on after a member: with the rest of the records by id if it is a record, with the rest
    /// of the envelope if its records were handed on.
    fn judged(&mut self, found: Inside, held: &[Held]) -> Step<Option<Inside>> {
        match found {
            Inside::Nothing => Ok(None),
            Inside::Record => {
                self.hand_on_held(held, false)?;
                if !self.comma_or(b'}')? {
                    self.members()?;
                }
                Ok(Some(Inside::Streamed))
            }
            Inside::Streamed => {
                self.rest_of_envelope()?;
                Ok(Some(Inside::Streamed))
            }
        }
    }

    /// Passes over a value inside an object, in search of records.
    fn nested(&mut self, first: u8, level: usize, holder: bool) -> Step<Inside> {
        let start = self.bytes.raw.len();
        let looks = level < MAX_LEVELS;
        match first {
            b'[' if holder && level < 2 => {
                self.bytes.recording = false;
                self.bytes.pass(1)?;
                match self.bytes.next_visible()? {
                    Some(b']') => self.bytes.pass(1)?,
                    _ => self.elements(0)?,
                }
                return Ok(Inside::Streamed);
            }
            b'[' if looks => return self.list(),
            b'{' if looks => {
                let mut held = Vec::new();
                match self.inside(level + 1, false, &mut held)? {
                    Inside::Nothing => {}
                    other => return Ok(other),
                }
                if holder && level < 2 && !self.is_record(start) {
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

    /// Passes over the members after the records of an envelope, which may have more records.
    fn rest_of_envelope(&mut self) -> Step {
        self.bytes.recording = false;
        while !self.comma_or(b'}')? {
            let (name, first) = self.member_name()?;
            let place = self.bytes.place();
            if !matches!(first, b'{' | b'[') {
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

    /// Hands on members as records by id, without those that tell about all records.
    fn hand_on_held(&mut self, held: &[Held], all: bool) -> Step {
        self.bytes.recording = false;
        let text = std::mem::take(&mut self.bytes.raw);
        for member in held {
            let is_nested = matches!(member.first, b'{' | b'[');
            let name = member.name.as_str();
            let about = ABOUT_ALL.contains(&name) || (self.shapes.is_field)(name);
            if is_nested || all || !about {
                let part = text.get(member.text.clone()).unwrap_or_default().to_vec();
                let at = Position::Key(member.name.clone());
                self.value_met(at, member.place, part)?;
            }
        }
        Ok(())
    }

    /// Judges an object at the root in which no record was found.
    fn decide(&mut self, place: Place, held: &[Held]) -> Step {
        let is_record = self.is_record(0);
        if !is_record && (held.is_empty() || is_empty_envelope(held)) {
            self.bytes.recording = false;
            return Ok(());
        }
        if !is_record && self.are_by_id(held) {
            return self.hand_on_held(held, true);
        }
        self.bytes.recording = false;
        let raw = std::mem::take(&mut self.bytes.raw);
        self.single_lines += u32::from(self.bytes.fenced);
        self.value_met(Position::Line(place.line), place, raw)
    }

    /// Hands on what came before the break of an object at the root.
    fn broken_object(&mut self, place: Place, mut held: Vec<Held>, reject: Reject) -> Step {
        self.bytes.recording = false;
        let last = held.pop_if(|member| member.text.end == member.text.start);
        let objects = held.iter().chain(&last).all(|member| member.first == b'{');
        let of_record = |member: &Held| (self.shapes.is_field)(&member.name);
        if objects && !held.is_empty() && !held.iter().any(of_record) {
            let text = self.bytes.raw.clone();
            self.hand_on_held(&held, true)?;
            let Some(last) = last else {
                return Err(SplitError::Broken(reject));
            };
            let part = text.get(last.text.start..).unwrap_or_default().to_vec();
            let at = Position::Key(last.name);
            self.hand_on(self.piece(at, last.place, part, Err(reject)))?;
            return Err(SplitError::Reported);
        }
        if self.bytes.fenced {
            // The rest of the line belongs to the reject.
            self.bytes.recording = true;
            return Err(SplitError::Broken(reject));
        }
        let raw = std::mem::take(&mut self.bytes.raw);
        let at = Position::Line(place.line);
        self.hand_on(self.piece(at, place, raw, Err(reject)))?;
        Err(SplitError::Reported)
    }

    /// Whether the members are objects alike, and so rather records by id than parts of a record.
    fn are_by_id(&self, held: &[Held]) -> bool {
        let of_record = |member: &Held| (self.shapes.is_field)(&member.name);
        if held
            .iter()
            .any(|member| member.first != b'{' || of_record(member))
        {
            return false;
        }
        let names = |member: &Held| -> BTreeSet<String> {
            let members = self.parsed(member.text.clone()).unwrap_or_default();
            members.into_iter().map(|(name, _)| name).collect()
        };
        match held {
            [one, other, ..] => {
                let (one, other) = (names(one), names(other));
                (one.is_empty() && other.is_empty()) || !one.is_disjoint(&other)
            }
            _ => true,
        }
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

/// Whether these members are those of an answer without records.
fn is_empty_envelope(held: &[Held]) -> bool {
    let nested = |member: &&Held| matches!(member.first, b'{' | b'[');
    let empty =
        |member: &Held| EMPTY_HOLDERS.contains(&member.name.as_str()) && member.text.len() == 2;
    held.iter().any(empty) && held.iter().filter(nested).all(empty)
}
