//! The bytes of a file: looked at and passed over, with the place counted, and recorded while a record is passed.

use super::super::reject::{Reason, Reject};
use std::io::{BufRead, ErrorKind};

/// Bytes of a record. A larger one is reported instead of being held in memory.
pub const LARGEST: usize = 32 << 20;

/// Why splitting ended early.
pub enum Stop {
    /// The rest of the file can't be understood.
    Broken(Reject),
    /// The same, and it was told already.
    Told,
    /// Nobody wants the rest.
    Done,
}

pub type Step<T = ()> = Result<T, Stop>;

pub struct Bytes<R> {
    input: R,
    pub line: u64,
    pub column: u64,
    /// The bytes of the record so far; one more than `LARGEST` when it is too large.
    pub raw: Vec<u8>,
    pub recording: bool,
    /// All bytes that were passed over since recording began.
    pub since: u64,
    /// Whether the end of the line counts as the end of the file.
    pub fenced: bool,
    /// Bytes of the buffer that are known to have no end of a line in them.
    endless: usize,
}

impl<R: BufRead> Bytes<R> {
    pub fn new(input: R) -> Self {
        Self { input, line: 1, column: 1, raw: Vec::new(), recording: false, since: 0, fenced: false, endless: 0 }
    }

    /// Forgets what was recorded, and records what is passed over from here on if so told.
    pub fn start_recording(&mut self, recording: bool) {
        self.raw.clear();
        self.since = 0;
        self.recording = recording;
    }

    /// The next byte that is not white space, without passing over it.
    pub fn next_visible(&mut self) -> Step<Option<u8>> {
        loop {
            match self.peek()? {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.pass(1)?,
                other => return Ok(other),
            }
        }
    }

    pub fn peek(&mut self) -> Step<Option<u8>> {
        let fenced = self.fenced;
        Ok(self.buffer()?.first().copied().filter(|byte| !(fenced && *byte == b'\n')))
    }

    /// What is there of the file, or of the line; empty at its end.
    pub fn fill(&mut self) -> Step<&[u8]> {
        if !self.fenced {
            return self.buffer();
        }
        let end = self.line_end()?;
        let chunk = self.buffer()?;
        Ok(&chunk[..end.unwrap_or(chunk.len())])
    }

    /// Where in the buffer the line ends, if it does so there. Of what was looked through, nothing is looked at again: a
    /// line may hold very many values.
    pub fn line_end(&mut self) -> Step<Option<usize>> {
        let from = self.endless;
        let chunk = self.buffer()?;
        let (length, from) = (chunk.len(), from.min(chunk.len()));
        let end = chunk[from..].iter().position(|byte| *byte == b'\n').map(|at| from + at);
        self.endless = end.unwrap_or(length);
        Ok(end)
    }

    pub fn buffer(&mut self) -> Step<&[u8]> {
        loop {
            match self.input.fill_buf() {
                Ok(_) => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(unreadable(&error)),
            }
        }
        // Asked again because a borrow that is returned can't be let go of in the loop; it reads nothing anew.
        self.input.fill_buf().map_err(|error| unreadable(&error))
    }

    /// Passes over so many bytes of the buffer.
    pub fn pass(&mut self, bytes: usize) -> Step {
        let chunk = self.input.fill_buf().map_err(|error| unreadable(&error))?;
        let chunk = &chunk[..bytes.min(chunk.len())];
        if self.recording && self.raw.len() <= LARGEST {
            let room = LARGEST + 1 - self.raw.len();
            self.raw.extend_from_slice(&chunk[..chunk.len().min(room)]);
        }
        let lines = chunk.iter().filter(|b| **b == b'\n').count() as u64;
        self.line += lines;
        let since = chunk.iter().rev().take_while(|b| **b != b'\n').count() as u64;
        self.column = if lines > 0 { since + 1 } else { self.column + since };
        let passed = chunk.len();
        self.since += passed as u64;
        self.endless = self.endless.saturating_sub(passed);
        self.input.consume(passed);
        Ok(())
    }

    /// Passes over the rest of the line, and what ends it.
    pub fn pass_line(&mut self) -> Step {
        loop {
            let end = self.line_end()?;
            let length = self.buffer()?.len();
            self.pass(end.unwrap_or(length))?;
            if end.is_some() || length == 0 {
                self.recording = false;
                return self.pass(1);
            }
        }
    }

    pub fn truncated(&self) -> Stop {
        let ends = if self.fenced { "What stands in this line ends" } else { "The file ends" };
        let told = format!("{ends} in line {}, column {}, before the record or the list does.", self.line, self.column);
        broken(Reason::TruncatedJson, told)
    }
}

pub fn broken(reason: Reason, told: impl Into<String>) -> Stop {
    Stop::Broken(Reject::new(reason, told))
}

/// What is said of a record that is too large.
pub fn too_large() -> Reject {
    let told = format!("The record has more than {} MiB, which is the most that is read.", LARGEST >> 20);
    Reject::new(Reason::TooLarge, told)
}

fn unreadable(error: &std::io::Error) -> Stop {
    broken(Reason::UnreadableFile, format!("The file could not be read to its end: {error}."))
}
