//! Members of an object that the splitter cannot judge yet: at its end or its break they turn out
//! to be records by id, parts of one record, or an answer without records.

use super::{
    super::{
        Splitter,
        bytes::{Place, SplitError, Step},
    },
    is_nested,
};
use crate::import::{reject::Reject, report::Position};
use std::{collections::BTreeSet, io::BufRead, ops::Range};

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

/// A member of an object that the splitter cannot judge yet.
pub struct Held {
    pub name: String,
    pub first: u8,
    pub place: Place,
    /// Place of the value in the text that is kept.
    pub text: Range<usize>,
}

impl<R: BufRead> Splitter<'_, R> {
    /// Hands on members as records by id, without those that tell about all records.
    pub fn hand_on_held(&mut self, held: &[Held], all: bool) -> Step {
        self.bytes.recording = false;
        let text = std::mem::take(&mut self.bytes.raw);
        for member in held {
            let about = ABOUT_ALL.contains(&member.name.as_str()) || self.is_of_record(member);
            if is_nested(member.first) || all || !about {
                let part = text.get(member.text.clone()).unwrap_or_default().to_vec();
                let at = Position::Key(member.name.clone());
                self.value_met(at, member.place, part)?;
            }
        }
        Ok(())
    }

    /// Judges an object at the root in which no record was found.
    pub fn decide(&mut self, place: Place, held: &[Held]) -> Step {
        let is_record = self.is_record(0);
        if !is_record && (held.is_empty() || is_empty_envelope(held)) {
            self.bytes.recording = false;
            return Ok(());
        }
        if !is_record && self.are_by_id(held) {
            return self.hand_on_held(held, true);
        }
        self.single_record(place)
    }

    /// Hands on what came before the break of an object at the root.
    pub fn broken_object(&mut self, place: Place, mut held: Vec<Held>, reject: Reject) -> Step {
        self.bytes.recording = false;
        let last = held.pop_if(|member| member.text.end == member.text.start);
        let objects = held.iter().chain(&last).all(|member| member.first == b'{');
        if objects && !held.is_empty() && !held.iter().any(|member| self.is_of_record(member)) {
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
        if held
            .iter()
            .any(|member| member.first != b'{' || self.is_of_record(member))
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

    /// Whether the member is a field of records, and so no id.
    fn is_of_record(&self, member: &Held) -> bool {
        (self.shapes.is_field)(&member.name)
    }
}

/// Whether these members are those of an answer without records.
fn is_empty_envelope(held: &[Held]) -> bool {
    let nested = |member: &&Held| is_nested(member.first);
    let empty =
        |member: &Held| EMPTY_HOLDERS.contains(&member.name.as_str()) && member.text.len() == 2;
    held.iter().any(empty) && held.iter().filter(nested).all(empty)
}
