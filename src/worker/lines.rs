//! Reader of a program's output lines in bounded memory. It discards the end of a longer line, but
//! reads it, so that a report is noticed that is too long to be sent.

use super::{
    names::{NameScanner, Named},
    pipe::Pipe,
};
use tokio::io::AsyncRead;

const CHUNK_BYTES: usize = 64 * 1024;

pub struct LineReader<R> {
    pipe: Pipe<R>,
    buffer: Vec<u8>,
    /// Bytes of `buffer` that were read; `taken` of them have been returned.
    filled: usize,
    taken: usize,
    /// Maximum bytes to keep of a line.
    most: usize,
    /// Number of lines returned.
    count: u64,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Line {
    pub bytes: Vec<u8>,
    /// Number of the line in the output, from 1.
    pub number: u64,
    /// The end of the line, if it was too long.
    pub cut: Option<Cut>,
}

/// Discarded end of a line.
#[derive(Debug, PartialEq, Eq)]
pub struct Cut {
    pub bytes: u64,
    /// Names at the top level of the whole line.
    pub named: Named,
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    pub fn new(pipe: Pipe<R>, most: usize) -> Self {
        Self {
            pipe,
            buffer: vec![0; CHUNK_BYTES],
            filled: 0,
            taken: 0,
            most,
            count: 0,
        }
    }

    /// Returns the next line without its newline, or `None` at the end of the output. The last line
    /// may lack a newline.
    pub async fn next(&mut self) -> Option<Line> {
        self.count += 1;
        let mut line = Line {
            number: self.count,
            ..Line::default()
        };
        let (mut begun, mut scanner) = (false, None);
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
            let (kept, rest) = part.split_at(part.len().min(self.most - line.bytes.len()));
            line.bytes.extend_from_slice(kept);
            if !rest.is_empty() {
                line.discard(rest, &mut scanner);
            }
            self.taken += part.len() + usize::from(end.is_some());
            if end.is_some() {
                return Some(line);
            }
        }
    }
}

impl Line {
    fn discard(&mut self, rest: &[u8], scanner: &mut Option<NameScanner>) {
        let scanner = scanner.get_or_insert_with(|| {
            let mut scanner = NameScanner::default();
            scanner.feed(&self.bytes);
            scanner
        });
        scanner.feed(rest);
        let before = self.cut.as_ref().map_or(0, |cut| cut.bytes);
        self.cut = Some(Cut {
            bytes: before + rest.len() as u64,
            named: scanner.found(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::watch;

    const MOST: usize = 1_000_000;

    async fn lines_of(bytes: &[u8]) -> Vec<Line> {
        let mut lines = LineReader::new(Pipe::new(bytes, watch::channel(false).1), MOST);
        let mut all = Vec::new();
        while let Some(line) = lines.next().await {
            all.push(line);
        }
        all
    }

    fn line(number: u64, text: &str) -> Line {
        Line {
            bytes: text.into(),
            number,
            cut: None,
        }
    }

    #[tokio::test]
    async fn lines_end_at_a_newline_or_at_the_end() {
        assert_eq!(lines_of(b"").await, []);
        assert_eq!(lines_of(b"\n").await, [line(1, "")]);
        assert_eq!(lines_of(b"a\nb").await, [line(1, "a"), line(2, "b")]);
        assert_eq!(
            lines_of(b"a\n\nb\n").await,
            [line(1, "a"), line(2, ""), line(3, "b")]
        );
    }

    #[tokio::test]
    async fn a_line_of_100_megabytes_is_cut_and_the_next_is_whole() {
        let mut bytes = br#"{"frames": ""#.to_vec();
        bytes.resize(100_000_000 - 16, b'x');
        bytes.extend_from_slice(b"\", \"result\": {}}\nnext\n");
        let lines = lines_of(&bytes).await;
        let named = Named {
            item: false,
            result: true,
        };
        let cut = Some(Cut {
            bytes: 100_000_000 - MOST as u64,
            named,
        });
        assert_eq!((lines[0].bytes.len(), &lines[0].cut), (MOST, &cut));
        assert_eq!(lines[1..], [line(2, "next")]);
    }
}
