//! Finds the end of a JSON value.

/// State of the search for the end of a value.
pub struct Scan {
    depth: usize,
    in_text: bool,
    escaped: bool,
}

impl Scan {
    /// Starts the search inside a value with `depth` open brackets.
    pub fn at(depth: usize) -> Self {
        Self {
            depth,
            in_text: false,
            escaped: false,
        }
    }

    /// Returns how many bytes of the chunk belong to the value, and whether it ends there. The scan
    /// counts brackets without their kind, so that depth costs no stack; parsing the record finds a
    /// mismatch.
    pub fn advance(&mut self, chunk: &[u8]) -> (usize, bool) {
        for (i, byte) in chunk.iter().enumerate() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_text => self.escaped = true,
                b'"' => {
                    self.in_text = !self.in_text;
                    if !self.in_text && self.depth == 0 {
                        return (i + 1, true);
                    }
                }
                _ if self.in_text => {}
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return (i + 1, true);
                    }
                }
                _ => {}
            }
        }
        (chunk.len(), false)
    }
}
