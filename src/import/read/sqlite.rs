//! Reader of a SQLite file, which may be malicious. A child process with limits on memory and time
//! reads the file ([`child`]) and sends each record ([`message`]): a file that crashes the reader
//! costs only itself.
//!
//! No step opens the file in a way that could change it, its folder or the files beside it
//! ([`copy`]).

mod child;
mod comic;
mod copy;
mod limits;
mod message;
mod open;
mod pipe;
mod rows;

pub use child::{Arguments, run as run_child};

use super::{
    super::{
        reject::{Reason, Reject},
        report::Position,
        rules,
        sources::SourceKind,
        stop::StopFlag,
    },
    Form, RecordReader, Sample,
    sink::{RecordSink, piece},
};
use crate::process;
use copy::Prepared;
use message::{Message, MessageReader};
use pipe::Pipe;
use std::{
    ffi::OsString,
    io::{self, BufReader},
    os::unix::process::{CommandExt, ExitStatusExt},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

/// Reads every table that belongs to a store. Returns false when the reader should stop.
pub fn read(path: &Path, sink: &mut RecordSink) -> bool {
    try_read(path, sink).unwrap_or_else(|reject| sink.reject(Position::File, [], reject))
}

fn try_read(path: &Path, sink: &mut RecordSink) -> Result<bool, Reject> {
    let jobs = Prepared::of(path)?;
    let map = match &sink.reader {
        RecordReader::Mapped(mapping) => Some(mapping.clone()),
        _ => None,
    };
    if let Some(map) = map {
        let mut more = vec!["--mapped".into(), "--key".into(), map.key_column().into()];
        more.extend(
            map.table
                .iter()
                .flat_map(|table| ["--table".into(), table.into()]),
        );
        let mut reader = Reader::start(&jobs, None, &more, &sink.stop)?;
        let ended = reader.hand_on(path, sink)?;
        return if ended == ReadEnd::ByUs || jobs.is_unchanged() {
            Ok(ended == ReadEnd::Whole)
        } else {
            Err(changed())
        };
    }
    let preferences = path.with_file_name("preferences.db");
    // The jobs can be read without preferences that cannot be prepared.
    let (beside, unprepared) = match preferences.is_file().then(|| Prepared::of(&preferences)) {
        Some(Ok(beside)) => (Some(beside), None),
        Some(Err(reject)) => (None, Some(reject)),
        None => (None, None),
    };
    let mut reader = Reader::start(&jobs, beside.as_ref(), &[], &sink.stop)?;
    let ended = reader.hand_on(&preferences, sink)?;
    // Beside another store, the file is not part of it. In a folder, it is read after this one.
    let is_part = sink.known == Some(SourceKind::Comic) && !sink.visits_folder;
    if let Some(reject) = unprepared.filter(|_| is_part) {
        sink.begin(&preferences);
        if !sink.reject(Position::File, [], reject) {
            return Ok(false);
        }
    }
    if ended == ReadEnd::ByUs || jobs.is_unchanged() {
        return Ok(ended == ReadEnd::Whole);
    }
    Err(changed())
}

/// Reads the first rows of every table.
pub fn sample(path: &Path, stop: &StopFlag) -> Result<Vec<Sample>, Reject> {
    let jobs = Prepared::of(path)?;
    let mut reader = Reader::start(&jobs, None, &["--sample".into()], stop)?;
    let mut samples = Vec::<Sample>::new();
    loop {
        let (message, raw) = match reader.messages.next() {
            Ok(Some(message)) => message,
            Ok(None) => return Err(died(reader.child.wait().ok())),
            Err(error) => return Err(broken(&error)),
        };
        match message {
            Message::End => return Ok(samples),
            Message::Store { name } => samples.push(Sample {
                form: Form::Sqlite,
                table: Some(name),
                records: Vec::new(),
                reject: None,
            }),
            Message::Record { .. } => {
                if let (Some(sample), Ok(record)) =
                    (samples.last_mut(), serde_json::from_slice(&raw))
                {
                    sample.records.push(record);
                }
            }
            Message::Reject { reason, detail, .. } => {
                let reason = Reason::named(&reason).unwrap_or(Reason::BadDatabase);
                return Err(Reject::new(reason, detail));
            }
            Message::Preferences => {}
        }
    }
}

fn changed() -> Reject {
    let detail = "The database changed while it was read: stop the service that writes to it, and \
        import again.";
    Reject::new(Reason::BadDatabase, detail)
}

/// Reason for the end of the reading.
#[derive(PartialEq, Eq)]
enum ReadEnd {
    /// The reader has read the whole file.
    Whole,
    /// The run is to stop, or takes no more records.
    ByUs,
}

/// Child process that reads a file, killed on drop.
struct Reader {
    child: Child,
    messages: MessageReader<BufReader<Pipe>>,
}

impl Reader {
    fn start(
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
            1 << 16,
            Pipe::new(out, stop.clone()),
        ));
        Ok(Self { child, messages })
    }

    fn hand_on(&mut self, preferences: &Path, sink: &mut RecordSink) -> Result<ReadEnd, Reject> {
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

fn died(status: Option<ExitStatus>) -> Reject {
    let how = status.map_or("for an unknown reason".to_owned(), |status| {
        match status.signal() {
            Some(signal) => format!("by signal {signal}"),
            None => format!("with exit code {}", status.code().unwrap_or(-1)),
        }
    });
    let detail = format!(
        "The process that read the database ended {how}: the file asks for more than {} MiB of memory or {} minutes of \
         computing, or is made to do harm. What came in until then is whole.",
        limits::MEMORY >> 20,
        limits::CPU.as_secs() / 60,
    );
    Reject::new(Reason::BadDatabase, detail)
}

fn broken(error: &io::Error) -> Reject {
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

/// A file in the form that SQLite may open.
#[derive(Clone, Debug)]
struct Openable {
    file: PathBuf,
    /// Whether SQLite must not change the file. Set when nothing is pending beside it.
    immutable: bool,
}
