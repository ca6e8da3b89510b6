//! Where a value ends.

/// Where in a value the scan stands.
pub struct Scan {
    depth: usize,
    in_text: bool,
    escaped: bool,
}

impl Scan {
    /// Of a value that has so many brackets open.
    pub fn at(depth: usize) -> Self {
        Self { depth, in_text: false, escaped: false }
    }

    /// How many bytes of the chunk belong to the value, and whether it ends there. Counts brackets without minding
    /// their kind, so that depth costs no stack; a mismatch is found when the record is parsed.
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
