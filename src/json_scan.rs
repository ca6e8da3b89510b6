//! What the parser changes without a word: integers beyond 64 bits become floating-point numbers,
//! and an object with a reserved name becomes the value of that member.

use crate::error::{FieldError, MAX_ERRORS};

/// Digits of the longest integer that always fits into 64 bits.
const SAFE_DIGITS: usize = 18;

/// Name with which `serde_json` marks a value that it parses from a text of its own.
pub const RESERVED_NAME: &str = "$serde_json::private::RawValue";

/// Returns an error for each integer of the JSON text that does not fit into 64 bits and for each
/// reserved name, at its pointer. The text must be valid JSON.
pub fn changed_by_parser(json: &[u8]) -> Vec<FieldError> {
    if !has_long_digits(json) && !may_have_reserved_name(json) {
        return Vec::new();
    }
    let mut scan = Scan {
        json,
        at: 0,
        place: Vec::new(),
        errors: Vec::new(),
    };
    scan.run();
    scan.errors
}

/// Returns whether there are so many digits in a row that they may be such an integer. Most bodies
/// have none, and end here.
fn has_long_digits(json: &[u8]) -> bool {
    let mut run = 0;
    json.iter().any(|byte| {
        run = if byte.is_ascii_digit() { run + 1 } else { 0 };
        run > SAFE_DIGITS
    })
}

/// Returns whether the text may have the reserved name. Most bodies have neither a part of it nor
/// an escaped character.
fn may_have_reserved_name(json: &[u8]) -> bool {
    let has = |part: &[u8]| json.windows(part.len()).any(|window| window == part);
    has(b"RawValue") || has(b"\\u")
}

/// Position inside an open object or list.
enum Level {
    /// Name of the current member, as a part of a pointer; empty before the first.
    Member(String),
    Element(usize),
}

struct Scan<'a> {
    json: &'a [u8],
    at: usize,
    place: Vec<Level>,
    errors: Vec<FieldError>,
}

impl Scan<'_> {
    fn run(&mut self) {
        while let Some(byte) = self.json.get(self.at).copied() {
            if self.errors.len() >= MAX_ERRORS {
                return;
            }
            match byte {
                b'{' => self.place.push(Level::Member(String::new())),
                b'[' => self.place.push(Level::Element(0)),
                b'}' | b']' => drop(self.place.pop()),
                b',' => {
                    if let Some(Level::Element(index)) = self.place.last_mut() {
                        *index += 1;
                    }
                }
                b'"' => {
                    self.text();
                    continue;
                }
                b'-' | b'0'..=b'9' => {
                    self.number();
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Passes over a text, and notes it if it is the name of a member.
    fn text(&mut self) {
        let begin = self.at;
        self.at += 1;
        while let Some(byte) = self.json.get(self.at) {
            match byte {
                b'\\' => self.at += 2,
                b'"' => break,
                _ => self.at += 1,
            }
        }
        self.at = (self.at + 1).min(self.json.len());
        let rest = &self.json[self.at..];
        let is_name = rest.trim_ascii_start().first() == Some(&b':');
        if let (true, Some(Level::Member(name))) = (is_name, self.place.last_mut()) {
            let text: String =
                serde_json::from_slice(&self.json[begin..self.at]).unwrap_or_default();
            *name = text.replace('~', "~0").replace('/', "~1");
            if text == RESERVED_NAME {
                let detail = "Use another name: this one is reserved.";
                let error = FieldError::at(self.pointer(), "name_reserved", detail);
                self.errors.push(error);
            }
        }
    }

    fn number(&mut self) {
        let begin = self.at;
        let is_part = |byte: &u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
        while self.json.get(self.at).is_some_and(is_part) {
            self.at += 1;
        }
        let text = String::from_utf8_lossy(&self.json[begin..self.at]);
        let is_integer = !text.contains(['.', 'e', 'E']);
        if is_integer && text.parse::<i64>().is_err() && text.parse::<u64>().is_err() {
            let detail = "Use an integer of at most 64 bits, or send it as a text, in quotes.";
            self.errors
                .push(FieldError::at(self.pointer(), "integer_too_long", detail));
        }
    }

    fn pointer(&self) -> String {
        let part = |level: &Level| match level {
            Level::Member(name) => format!("/{name}"),
            Level::Element(index) => format!("/{index}"),
        };
        self.place.iter().map(part).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Location;

    fn places(json: &str) -> Vec<String> {
        let pointer = |error: FieldError| match error.place {
            Location::Pointer(pointer) => pointer,
            Location::Parameter(name) => name,
        };
        changed_by_parser(json.as_bytes())
            .into_iter()
            .map(pointer)
            .collect()
    }

    #[test]
    fn an_integer_beyond_64_bits_is_found_at_its_pointer() {
        let long = "18446744073709551616";
        for (json, place) in [
            (long.to_owned(), ""),
            (format!(r#"{{"seed": {long}}}"#), "/seed"),
            (
                format!(r#"{{"a": [1, {{"b/c~": -{long}}}]}}"#),
                "/a/1/b~1c~0",
            ),
            (
                format!(r#"{{"a": "x, [{{", "b" : [[], {long} ] }}"#),
                "/b/1",
            ),
            (format!(r#"{{"\"": {{}}, "\u00e9": {long}}}"#), "/é"),
            ("-9223372036854775809".to_owned(), ""),
        ] {
            assert_eq!(places(&json), [place], "{json}");
        }
    }

    #[test]
    fn a_reserved_name_is_found_however_it_is_written() {
        let name = RESERVED_NAME;
        for (json, place) in [
            (format!(r#"{{"{name}": "1"}}"#), format!("/{name}")),
            (
                format!(r#"[{{"a": {{"\u0024{}": 1}}}}]"#, &name[1..]),
                format!("/0/a/{name}"),
            ),
        ] {
            assert_eq!(places(&json), [place], "{json}");
        }
        assert_eq!(places(&format!(r#"["{name}", "\u0024"]"#)), [""; 0]);
    }

    #[test]
    fn other_numbers_and_texts_are_left_alone() {
        for json in [
            "18446744073709551615",
            "-9223372036854775808",
            "1234567890123456789012345.5",
            "123456789012345678901234e2",
            "0.12345678901234567890123",
            r#"{"12345678901234567890123": "12345678901234567890123"}"#,
            r#"["\"12345678901234567890123", "\\"]"#,
        ] {
            assert_eq!(places(json), Vec::<String>::new(), "{json}");
        }
    }
}
