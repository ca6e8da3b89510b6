//! Bytes of a file. The splitter looks at them and passes over them, which counts lines and
//! columns, and records them while it passes over a record.

use super::super::reject::{Reason, Reject};
use std::io::{BufRead, ErrorKind};

/// Maximum bytes of a record. The importer rejects a larger one instead of holding it in memory.
pub const MAX_RECORD_BYTES: usize = 32 << 20;

/// Reason for an early end of the splitting.
pub enum SplitError {
    /// The rest of the file cannot be parsed.
    Broken(Reject),
    /// The rest of the file cannot be parsed, and a reject has been handed on for that.
    Reported,
    /// The receiver takes no more records.
    Done,
}

pub type Step<T = ()> = Result<T, SplitError>;

/// Place of a value in its file.
#[derive(Clone, Copy)]
pub struct Place {
    pub line: u64,
    pub column: u64,
    pub offset: u64,
}

pub struct Bytes<R> {
    input: R,
    pub line: u64,
    pub column: u64,
    /// Number of bytes passed over so far.
    pub offset: u64,
    /// Bytes of the record so far; one more than [`MAX_RECORD_BYTES`] if it is too large.
    pub raw: Vec<u8>,
    pub recording: bool,
    /// Whether the end of the line counts as the end of the file.
    pub fenced: bool,
    /// Number of leading bytes in the buffer that are known to contain no line break.
    endless: usize,
}

impl<R: BufRead> Bytes<R> {
    pub fn new(input: R) -> Self {
        Self {
            input,
            line: 1,
            column: 1,
            offset: 0,
            raw: Vec::new(),
            recording: false,
            fenced: false,
            endless: 0,
        }
    }

    /// Discards the recorded bytes, and starts recording if `recording` is true.
    pub fn start_recording(&mut self, recording: bool) {
        self.raw.clear();
        self.recording = recording;
    }

    pub fn place(&self) -> Place {
        Place {
            line: self.line,
            column: self.column,
            offset: self.offset,
        }
    }

    /// Passes over white space, and returns the next byte without passing over it.
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
        Ok(self
            .buffer()?
            .first()
            .copied()
            .filter(|byte| !(fenced && *byte == b'\n')))
    }

    /// Buffered bytes of the file, or of the line if fenced; empty at the end.
    pub fn fill(&mut self) -> Step<&[u8]> {
        if !self.fenced {
            return self.buffer();
        }
        let end = self.line_end()?;
        let chunk = self.buffer()?;
        Ok(&chunk[..end.unwrap_or(chunk.len())])
    }

    /// Position of the line break in the buffer, if it has one. Each byte is searched only once,
    /// since a line may hold very many values.
    pub fn line_end(&mut self) -> Step<Option<usize>> {
        let from = self.endless;
        let chunk = self.buffer()?;
        let (length, from) = (chunk.len(), from.min(chunk.len()));
        let end = chunk[from..]
            .iter()
            .position(|byte| *byte == b'\n')
            .map(|at| from + at);
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
        // The borrow checker rejects a return of the buffer from inside the loop; this call reads
        // nothing new.
        self.input.fill_buf().map_err(|error| unreadable(&error))
    }

    /// Passes over this many bytes of the buffer.
    pub fn pass(&mut self, bytes: usize) -> Step {
        let chunk = self.input.fill_buf().map_err(|error| unreadable(&error))?;
        let chunk = &chunk[..bytes.min(chunk.len())];
        if self.recording && self.raw.len() <= MAX_RECORD_BYTES {
            let room = MAX_RECORD_BYTES + 1 - self.raw.len();
            self.raw.extend_from_slice(&chunk[..chunk.len().min(room)]);
        }
        let lines = chunk.iter().filter(|b| **b == b'\n').count() as u64;
        self.line += lines;
        let since = chunk.iter().rev().take_while(|b| **b != b'\n').count() as u64;
        self.column = if lines > 0 {
            since + 1
        } else {
            self.column + since
        };
        let passed = chunk.len();
        self.offset += passed as u64;
        self.endless = self.endless.saturating_sub(passed);
        self.input.consume(passed);
        Ok(())
    }

    /// Passes over the rest of the line and its line break.
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

    pub fn truncated(&self) -> SplitError {
        let ends = if self.fenced {
            "What stands in this line ends"
        } else {
            "The file ends"
        };
        let detail = format!(
            "{ends} in line {}, column {}, before the record or the list does.",
            self.line, self.column
        );
        broken(Reason::TruncatedJson, detail)
    }
}

pub fn broken(reason: Reason, detail: impl Into<String>) -> SplitError {
    SplitError::Broken(Reject::new(reason, detail))
}

/// Reject of a record that is too large.
pub fn too_large() -> Reject {
    let detail = format!(
        "The record is larger than {} MiB, the maximum for one record.",
        MAX_RECORD_BYTES >> 20
    );
    Reject::new(Reason::TooLarge, detail)
}

fn unreadable(error: &std::io::Error) -> SplitError {
    broken(
        Reason::UnreadableFile,
        format!("The file could not be read to its end: {error}."),
    )
}
