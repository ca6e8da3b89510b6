//! Top-level names of an object whose text is too long or too broken to parse. They decide whether
//! such a line was meant as a report.

/// Maximum bytes of a name that are compared; those of the protocol are shorter.
const MAX_NAME_BYTES: usize = 16;

/// Reader of the names, which takes the text in pieces of any size.
#[derive(Debug, Default)]
pub struct NameScanner {
    /// Nesting of objects and lists.
    depth: usize,
    /// Quotation mark of the text that is open. Python writes `'` when an object is printed without
    /// the `json` module.
    quote: Option<u8>,
    escaped: bool,
    /// Text at the top level that was read last.
    text: Vec<u8>,
    found: Named,
}

/// Names of the protocol, of which no report may be lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Named {
    pub item: bool,
    pub result: bool,
}

impl NameScanner {
    pub fn of(text: &[u8]) -> Named {
        let mut scanner = Self::default();
        scanner.feed(text);
        scanner.found
    }

    pub fn found(&self) -> Named {
        self.found
    }

    pub fn feed(&mut self, piece: &[u8]) {
        for &byte in piece {
            match self.quote {
                Some(quote) => self.inside(byte, quote),
                None => self.outside(byte),
            }
        }
    }

    fn inside(&mut self, byte: u8, quote: u8) {
        if self.escaped {
            self.escaped = false;
        } else if byte == b'\\' {
            self.escaped = true;
        } else if byte == quote {
            self.quote = None;
        } else if self.depth == 1 && self.text.len() < MAX_NAME_BYTES {
            self.text.push(byte);
        }
    }

    fn outside(&mut self, byte: u8) {
        match byte {
            b'"' | b'\'' => {
                self.quote = Some(byte);
                self.text.clear();
            }
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b':' if self.depth == 1 => {
                self.found.item |= self.text == b"item";
                self.found.result |= self.text == b"result";
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_an_object_are_found_and_those_inside_its_values_are_not() {
        let rows = [
            (r#"{"result": {"a": "#, (false, true)),
            (r#"{"frames": "\"item\":", "item" : {"#, (true, false)),
            (
                r#"{"a": {"result": 1}, "b": ["item", {"item": 2}]}"#,
                (false, false),
            ),
            (r#"{"a": "result", "b": 1}"#, (false, false)),
            (
                r#"{'result': {'video_path': '/media/a.mp4'}}"#,
                (false, true),
            ),
            (r#"{"progress": 1}, "item": 2"#, (false, false)),
            (r#"{"item": {}, "result": {}"#, (true, true)),
            ("no object", (false, false)),
        ];
        for (text, (item, result)) in rows {
            let named = Named { item, result };
            assert_eq!(NameScanner::of(text.as_bytes()), named, "{text}");
            let mut scanner = NameScanner::default();
            text.as_bytes()
                .chunks(3)
                .for_each(|piece| scanner.feed(piece));
            assert_eq!(scanner.found(), named, "{text} in pieces");
        }
    }
}
