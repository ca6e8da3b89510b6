//! Protocol between the child process that reads a SQLite file and its parent. Each message is one
//! line of JSON, followed by as many raw bytes as the line says.

use super::super::super::{reject::Reject, split::MAX_RECORD_BYTES};
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, Read, Write};

/// Maximum characters of a key. A longer key is cut, since no job id is that long.
const MAX_KEY_CHARS: usize = 1000;

/// Maximum bytes of a line.
const MAX_LINE_BYTES: u64 = 1 << 20;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// The next messages belong to the file of preferences.
    Preferences,
    /// The next records belong to this store.
    Store { name: String },
    /// A record, and its repairs as field and rule.
    Record {
        key: String,
        repairs: Vec<(String, String)>,
    },
    /// A record, or the file as a whole, that could not be read.
    Reject {
        key: Option<String>,
        reason: String,
        detail: String,
    },
    /// The end of the file was reached.
    End,
}

#[derive(Serialize, Deserialize)]
struct Line {
    message: Message,
    bytes: usize,
}

/// Writer of messages, for the child process.
pub struct Out<W>(pub W);

impl<W: Write> Out<W> {
    pub fn say(&mut self, message: Message, raw: &[u8]) -> io::Result<()> {
        serde_json::to_writer(
            &mut self.0,
            &Line {
                message,
                bytes: raw.len(),
            },
        )?;
        self.0.write_all(b"\n")?;
        self.0.write_all(raw)
    }

    pub fn reject(&mut self, key: Option<&str>, raw: &[u8], reject: Reject) -> io::Result<()> {
        let Reject { reason, detail } = reject;
        self.say(
            Message::Reject {
                key: key.map(cut),
                reason: reason.as_str().to_owned(),
                detail,
            },
            raw,
        )
    }

    pub fn record(
        &mut self,
        key: &str,
        raw: &[u8],
        repairs: Vec<(String, String)>,
    ) -> io::Result<()> {
        self.say(
            Message::Record {
                key: cut(key),
                repairs,
            },
            raw,
        )
    }
}

/// Reader of messages, for the parent process.
pub struct MessageReader<R>(R);

impl<R: BufRead> MessageReader<R> {
    pub fn of(input: R) -> Self {
        Self(input)
    }

    /// Reads the next message; `None` at the end of the output. Without [`Message::End`] before it,
    /// the child process ended early.
    pub fn next(&mut self) -> io::Result<Option<(Message, Vec<u8>)>> {
        let mut line = Vec::new();
        self.0
            .by_ref()
            .take(MAX_LINE_BYTES)
            .read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(None);
        }
        if line.last() != Some(&b'\n') {
            // The child process may have been killed in the middle of a line.
            let too_long = line.len() as u64 >= MAX_LINE_BYTES;
            return if too_long {
                Err(io::Error::other("a line is too long"))
            } else {
                Ok(None)
            };
        }
        let Ok(Line { message, bytes }) = serde_json::from_slice(&line) else {
            return Ok(None);
        };
        if bytes > MAX_RECORD_BYTES {
            return Err(io::Error::other("a record is too long"));
        }
        let mut raw = vec![0; bytes];
        match self.0.read_exact(&mut raw) {
            Ok(()) => Ok(Some((message, raw))),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn cut(key: &str) -> String {
    key.chars().take(MAX_KEY_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_heard_and_what_is_cut_off_ends() {
        let mut out = Out(Vec::new());
        let repairs = vec![("a".to_owned(), "nul_replaced".to_owned())];
        out.record("a\nb", b"{}\n{", repairs.clone()).unwrap();
        out.say(Message::End, b"").unwrap();
        for cut in 0..out.0.len() {
            let mut heard = MessageReader::of(&out.0[..cut]);
            while let Some((message, raw)) = heard.next().unwrap() {
                assert_eq!(
                    message,
                    Message::Record {
                        key: "a\nb".into(),
                        repairs: repairs.clone()
                    }
                );
                assert_eq!(raw, b"{}\n{");
            }
        }
        let mut heard = MessageReader::of(out.0.as_slice());
        heard.next().unwrap();
        assert_eq!(heard.next().unwrap().unwrap().0, Message::End);
    }

    #[test]
    fn a_line_or_record_that_is_too_long_is_refused() {
        assert!(
            MessageReader::of("x".repeat(MAX_LINE_BYTES as usize + 1).as_bytes())
                .next()
                .is_err()
        );
        let line = format!(
            "{{\"message\": \"end\", \"bytes\": {}}}\n",
            MAX_RECORD_BYTES + 1
        );
        assert!(MessageReader::of(line.as_bytes()).next().is_err());
    }
}
