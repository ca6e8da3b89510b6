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
mod reader;
mod rows;

pub use child::{Arguments, run as run_child};

use super::{
    super::{
        reject::{Reason, Reject},
        report::Position,
        sources::SourceKind,
        stop::StopFlag,
    },
    Form, RecordReader, Sample,
    sink::RecordSink,
};
use copy::Prepared;
use message::Message;
use reader::{ReadEnd, Reader, broken, died};
use std::path::{Path, PathBuf};

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

/// A file in the form that SQLite may open.
#[derive(Clone, Debug)]
struct Openable {
    file: PathBuf,
    /// Whether SQLite must not change the file. Set when nothing is pending beside it.
    immutable: bool,
}
