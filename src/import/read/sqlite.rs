//! A SQLite file. Whoever wrote it may have meant harm, so it is read by a process of its own with limits on memory and
//! time ([`child`]), which hands each record on ([`message`]): a file that makes the reader fail costs itself alone.
//!
//! The file is never opened in a way that could change it, its folder or the files beside it ([`copy`]).

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
        report::At,
        rules,
        sources::SourceKind,
        stop::Stop,
    },
    sink::{Sink, piece},
};
use crate::process;
use copy::Prepared;
use message::{Message, Messages};
use pipe::Pipe;
use std::{
    io::{self, BufReader},
    os::unix::process::{CommandExt, ExitStatusExt},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

/// Reads every table that is a store's. False when nobody wants more.
pub fn read(path: &Path, sink: &mut Sink) -> bool {
    try_read(path, sink).unwrap_or_else(|reject| sink.reject(At::File, [], reject))
}

fn try_read(path: &Path, sink: &mut Sink) -> Result<bool, Reject> {
    let jobs = Prepared::of(path)?;
    let preferences = path.with_file_name("preferences.db");
    // One that can't be prepared is reported by the child, which can't open it either.
    let beside = preferences.is_file().then(|| Prepared::of(&preferences).ok()).flatten();
    let mut reader = Reader::start(&jobs, beside.as_ref(), &sink.stop)?;
    let ended = reader.hand_on(&preferences, sink)?;
    if ended == Ended::ByUs || jobs.is_unchanged() {
        return Ok(ended == Ended::Whole);
    }
    let told = "The database changed while it was read: stop the service that writes to it, and import again.";
    Err(Reject::new(Reason::BadDatabase, told))
}

/// How the reading came to its end.
#[derive(PartialEq, Eq)]
enum Ended {
    /// All of the file was read.
    Whole,
    /// Nobody wanted more.
    ByUs,
}

/// The process that reads a file. Dropped, it is ended.
struct Reader {
    child: Child,
    messages: Messages<BufReader<Pipe>>,
}

impl Reader {
    fn start(jobs: &Prepared, preferences: Option<&Prepared>, stop: &Stop) -> Result<Self, Reject> {
        let failed = |error: io::Error| {
            let told = format!("The process that reads SQLite files cannot be started: {error}.");
            Reject::new(Reason::UnreadableFile, told)
        };
        let mut command = Command::new(process::own_file().map_err(failed)?);
        command.arg0("callsheet-sqlite").arg("read-sqlite").args(jobs.arguments("--jobs"));
        command.args(preferences.map(|file| file.arguments("--preferences")).unwrap_or_default());
        command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        // The allocators are not to set memory aside beyond what the process may have.
        command.envs([
            ("MIMALLOC_ARENA_RESERVE", "16M"),
            ("MIMALLOC_ARENA_EAGER_COMMIT", "0"),
            ("MALLOC_ARENA_MAX", "1"),
        ]);
        let mut child = command.spawn().map_err(failed)?;
        let out = child.stdout.take().ok_or_else(|| failed(io::ErrorKind::BrokenPipe.into()))?;
        let messages = Messages::of(BufReader::with_capacity(1 << 16, Pipe::new(out, stop.clone())));
        Ok(Self { child, messages })
    }

    fn hand_on(&mut self, preferences: &Path, sink: &mut Sink) -> Result<Ended, Reject> {
        loop {
            let (message, raw) = match self.messages.next() {
                Ok(Some(message)) => message,
                Ok(None) => return Err(died(self.child.wait().ok())),
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => return Ok(Ended::ByUs),
                Err(error) => return Err(broken(&error)),
            };
            let go_on = match message {
                Message::End => return Ok(Ended::Whole),
                Message::Preferences => {
                    sink.begin(preferences);
                    true
                }
                Message::Store { name } => {
                    sink.known = name.parse::<SourceKind>().ok();
                    true
                }
                Message::Record { key, repairs } => {
                    sink.mended.extend(repairs.into_iter().filter_map(|(field, rule)| rules::repair(field, &rule)));
                    sink.take(piece(At::Key(key), raw, Ok(())))
                }
                Message::Reject { key, reason, detail } => {
                    let reason = Reason::named(&reason).unwrap_or(Reason::BadDatabase);
                    sink.reject(key.map_or(At::File, At::Key), raw, Reject::new(reason, detail))
                }
            };
            if !go_on {
                return Ok(Ended::ByUs);
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // One that has ended already is only waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn died(status: Option<ExitStatus>) -> Reject {
    let how = status.map_or("for an unknown reason".to_owned(), |status| match status.signal() {
        Some(signal) => format!("by signal {signal}"),
        None => format!("with exit code {}", status.code().unwrap_or(-1)),
    });
    let told = format!(
        "The process that read the database ended {how}: the file asks for more than {} MiB of memory or {} minutes of \
         computing, or is made to do harm. What came in until then is whole.",
        limits::MEMORY >> 20,
        limits::CPU.as_secs() / 60,
    );
    Reject::new(Reason::BadDatabase, told)
}

fn broken(error: &io::Error) -> Reject {
    let told = match error.kind() {
        io::ErrorKind::TimedOut => format!(
            "The process that reads the database found no record within {} seconds, and was ended.",
            pipe::SILENCE.as_secs()
        ),
        _ => format!("What the process that reads the database says is not understood: {error}."),
    };
    Reject::new(Reason::BadDatabase, told)
}

/// A file as SQLite may open it.
#[derive(Clone, Debug)]
struct Openable {
    file: PathBuf,
    /// Nothing is pending beside it, and SQLite is to leave it as it is.
    immutable: bool,
}
