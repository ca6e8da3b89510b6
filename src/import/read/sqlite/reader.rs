//! Child process that reads a file, and the records that it sends.

use super::{
    copy::Prepared,
    limits,
    message::{Message, MessageReader},
    pipe::{self, Pipe},
};
use crate::{
    import::{
        read::sink::{RecordSink, piece},
        reject::{Reason, Reject},
        report::Position,
        rules,
        sources::SourceKind,
        stop::StopFlag,
    },
    process,
};
use std::{
    ffi::OsString,
    io::{self, BufReader},
    os::unix::process::{CommandExt, ExitStatusExt},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
};

/// Size of the buffer of the process's output, in bytes.
const OUTPUT_BUFFER_BYTES: usize = 1 << 16;

/// Reason for the end of the reading.
#[derive(PartialEq, Eq)]
pub enum ReadEnd {
    /// The reader has read the whole file.
    Whole,
    /// The run is to stop, or takes no more records.
    ByUs,
}

/// Child process that reads a file, killed on drop.
pub struct Reader {
    pub child: Child,
    pub messages: MessageReader<BufReader<Pipe>>,
}

impl Reader {
    pub fn start(
        jobs: &Prepared,
        preferences: Option<&Prepared>,
        more: &[OsString],
        stop: &StopFlag,
    ) -> Result<Self, Reject> {
        let failed = |error: io::Error| {
            let detail = format!("The process that reads SQLite files cannot be started: {error}.");
            Reject::new(Reason::UnreadableFile, detail)
        };
        let mut command = Command::new(process::own_file().map_err(failed)?);
        command
            .arg0("callsheet-sqlite")
            .arg("read-sqlite")
            .args(jobs.arguments("--jobs"))
            .args(more);
        command.args(
            preferences
                .map(|file| file.arguments("--preferences"))
                .unwrap_or_default(),
        );
        command
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        // The allocators must not reserve more memory than the limits of the process allow.
        command.envs([
            ("MIMALLOC_ARENA_RESERVE", "16M"),
            ("MIMALLOC_ARENA_EAGER_COMMIT", "0"),
            ("MALLOC_ARENA_MAX", "1"),
        ]);
        let mut child = command.spawn().map_err(failed)?;
        let out = child
            .stdout
            .take()
            .ok_or_else(|| failed(io::ErrorKind::BrokenPipe.into()))?;
        let messages = MessageReader::of(BufReader::with_capacity(
            OUTPUT_BUFFER_BYTES,
            Pipe::new(out, stop.clone()),
        ));
        Ok(Self { child, messages })
    }

    /// Hands the records on to the sink, until the reader ends or the run is to stop.
    pub fn hand_on(
        &mut self,
        preferences: &Path,
        sink: &mut RecordSink,
    ) -> Result<ReadEnd, Reject> {
        loop {
            let (message, raw) = match self.messages.next() {
                Ok(Some(message)) => message,
                Ok(None) => return Err(died(self.child.wait().ok())),
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {
                    return Ok(ReadEnd::ByUs);
                }
                Err(error) => return Err(broken(&error)),
            };
            let go_on = match message {
                Message::End => return Ok(ReadEnd::Whole),
                Message::Preferences => {
                    sink.begin(preferences);
                    true
                }
                Message::Store { name } => {
                    sink.known = name.parse::<SourceKind>().ok();
                    true
                }
                Message::Record { key, repairs } => {
                    sink.mended.extend(
                        repairs
                            .into_iter()
                            .filter_map(|(field, rule)| rules::repair(field, &rule)),
                    );
                    sink.take(piece(Position::Key(key), raw, Ok(())))
                }
                Message::Reject {
                    key,
                    reason,
                    detail,
                } => {
                    let reason = Reason::named(&reason).unwrap_or(Reason::BadDatabase);
                    sink.reject(
                        key.map_or(Position::File, Position::Key),
                        raw,
                        Reject::new(reason, detail),
                    )
                }
            };
            if !go_on {
                return Ok(ReadEnd::ByUs);
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // A process that has ended already still needs the wait.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reject of a file at which the process ended.
pub fn died(status: Option<ExitStatus>) -> Reject {
    let how = status.map_or("for an unknown reason".to_owned(), |status| {
        match status.signal() {
            Some(signal) => format!("by signal {signal}"),
            None => format!("with exit code {}", status.code().unwrap_or(-1)),
        }
    });
    let detail = format!(
        "The process that read the database ended {how}: the file asks for more than {} MiB of \
        memory or {} minutes of computing, or is made to do harm. What came in until then is \
        whole.",
        limits::MEMORY >> 20,
        limits::CPU.as_secs() / 60,
    );
    Reject::new(Reason::BadDatabase, detail)
}

/// Reject of a file whose messages cannot be read.
pub fn broken(error: &io::Error) -> Reject {
    let detail = match error.kind() {
        io::ErrorKind::TimedOut => format!(
            "The SQLite reader process sent no record for {} seconds and was killed: the file may \
            be damaged or on a slow disk.",
            pipe::OUTPUT_TIMEOUT.as_secs()
        ),
        _ => format!("The output of the SQLite reader process is invalid: {error}."),
    };
    Reject::new(Reason::BadDatabase, detail)
}
