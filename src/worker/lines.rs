//! Reader of a program's output lines in bounded memory: it discards what exceeds 1,000,000 bytes.

use super::pipe::Pipe;
use tokio::io::AsyncRead;

/// Maximum bytes of a line. An item of this size still fits into the largest request body that a
/// server accepts by default.
pub const MAX_LINE_BYTES: usize = 1_000_000;

const CHUNK_BYTES: usize = 64 * 1024;

pub struct LineReader<R> {
    pipe: Pipe<R>,
    buffer: Vec<u8>,
    /// Bytes of `buffer` that were read; `taken` of them have been returned.
    filled: usize,
    taken: usize,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    pub bytes: Vec<u8>,
    /// Bytes of the line beyond the limit, which were discarded.
    pub cut: u64,
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    pub fn new(pipe: Pipe<R>) -> Self {
        Self {
            pipe,
            buffer: vec![0; CHUNK_BYTES],
            filled: 0,
            taken: 0,
        }
    }

    /// Returns the next line without its newline, or `None` at the end of the output. The last line
    /// may lack a newline.
    pub async fn next(&mut self) -> Option<Line> {
        let mut line = Line {
            bytes: Vec::new(),
            cut: 0,
        };
        let mut begun = false;
        loop {
            if self.taken == self.filled {
                (self.taken, self.filled) = (0, self.pipe.read(&mut self.buffer).await);
                if self.filled == 0 {
                    return begun.then_some(line);
                }
            }
            begun = true;
            let fresh = &self.buffer[self.taken..self.filled];
            let end = fresh.iter().position(|byte| *byte == b'\n');
            let part = &fresh[..end.unwrap_or(fresh.len())];
            let kept = part.len().min(MAX_LINE_BYTES - line.bytes.len());
            line.bytes.extend_from_slice(&part[..kept]);
            line.cut += (part.len() - kept) as u64;
            self.taken += part.len() + usize::from(end.is_some());
            if end.is_some() {
                return Some(line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::watch;

    async fn lines_of(bytes: &[u8]) -> Vec<Line> {
        let mut lines = LineReader::new(Pipe::new(bytes, watch::channel(false).1));
        let mut all = Vec::new();
        while let Some(line) = lines.next().await {
            all.push(line);
        }
        all
    }

    fn line(text: &str) -> Line {
        Line {
            bytes: text.into(),
            cut: 0,
        }
    }

    #[tokio::test]
    async fn lines_end_at_a_newline_or_at_the_end() {
        assert_eq!(lines_of(b"").await, []);
        assert_eq!(lines_of(b"\n").await, [line("")]);
        assert_eq!(lines_of(b"a\nb").await, [line("a"), line("b")]);
        assert_eq!(
            lines_of(b"a\n\nb\n").await,
            [line("a"), line(""), line("b")]
        );
    }

    #[tokio::test]
    async fn a_line_of_100_megabytes_is_cut_and_the_next_is_whole() {
        let mut bytes = vec![b'x'; 100_000_000];
        bytes.extend_from_slice(b"\nnext\n");
        let lines = lines_of(&bytes).await;
        assert_eq!(
            (lines[0].bytes.len(), lines[0].cut),
            (MAX_LINE_BYTES, 100_000_000 - MAX_LINE_BYTES as u64)
        );
        assert_eq!(lines[1..], [line("next")]);
    }
}
