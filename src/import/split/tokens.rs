//! Tokens of the text: the splitter passes over values, names, commas and brackets, and reports
//! what stands where none of these may.

use super::{
    Scan, Splitter,
    bytes::{SplitError, Step, broken},
};
use crate::import::{reject::Reason, repair};
use std::io::BufRead;

/// Maximum bytes of a member's name; an id has at most 64 characters.
const MAX_NAME_BYTES: usize = 64 << 10;

impl<R: BufRead> Splitter<'_, R> {
    /// Passes over the name of a member, and returns it with the first byte of the value.
    pub fn member_name(&mut self) -> Step<(String, u8)> {
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
    pub fn comma_or(&mut self, close: u8) -> Step<bool> {
        match self.bytes.next_visible()? {
            Some(b',') => self.bytes.pass(1).map(|()| false),
            Some(byte) if byte == close => self.bytes.pass(1).map(|()| true),
            Some(other) => Err(self.unexpected(other, "a comma between two records")),
            None => Err(self.bytes.truncated()),
        }
    }

    /// Passes over a value: to its closing bracket or quote, or to the end of a number or word.
    pub fn value(&mut self, depth: usize) -> Step {
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

    pub fn unexpected(&self, byte: u8, wanted: &str) -> SplitError {
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

    pub fn not_json(&self, byte: u8) -> SplitError {
        let detail = format!(
            "The file is not JSON: it begins with {}. Understood is a dump in JSON, as an object \
            by id, a list, or a record a line.",
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

pub fn begins_value(byte: u8) -> bool {
    matches!(byte, b'{' | b'[') || begins_scalar(byte)
}

/// Whether a number, word or string begins with this byte. Words that are not JSON count, so that
/// `NaN` is reported as a record and not as a broken file.
pub fn begins_scalar(byte: u8) -> bool {
    matches!(byte, b'"' | b'-')
        || byte.is_ascii_digit()
        || matches!(byte, b't' | b'f' | b'n' | b'N' | b'I')
}
