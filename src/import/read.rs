//! Reads a file in a thread of its own, record by record, and hands the records on in batches. What is held in memory
//! is bounded by the size of a batch, not of the file.

use super::{
    kept::Repair,
    mend,
    reject::{Reason, Reject},
    report::At,
    sources::{Context, SourceKind},
    split::{Piece, split},
    text,
};
use crate::db::write::ImportedJob;
use serde_json::{Map, Value};
use std::{
    collections::HashSet,
    fs::File,
    hash::{BuildHasher, RandomState},
    io::BufReader,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::mpsc;

/// A batch ends after so many records, which are written in one transaction,
const BATCH_RECORDS: usize = 500;
/// or after so many bytes.
const BATCH_BYTES: usize = 4 << 20;

/// A record that was met, and what was made of it.
pub struct Entry {
    /// The file that it stands in; the source itself when that is a file or a database.
    pub file: Arc<PathBuf>,
    pub at: At,
    pub raw: Vec<u8>,
    pub read: Result<ImportedJob, Reject>,
    /// What was put right in it, by field and rule.
    pub repairs: Vec<Repair>,
}

pub type Batch = Vec<Entry>;

/// How a file is read.
pub struct Reading {
    pub file: Arc<PathBuf>,
    /// The store that the file is said to be of; else each record is recognised by its fields.
    pub source: Option<SourceKind>,
    pub context: Context,
}

/// Begins to read. The file is opened for reading only. Batches end with the file; whoever lets go of them ends the
/// reading.
pub fn begin(reading: Reading) -> mpsc::Receiver<Batch> {
    let (sender, batches) = mpsc::channel(1);
    tokio::task::spawn_blocking(move || reading.run(&sender));
    batches
}

impl Reading {
    fn run(&self, sender: &mpsc::Sender<Batch>) {
        let mut seen = Seen::default();
        let (mut batch, mut bytes) = (Batch::new(), 0);
        let mut found = |piece: Piece| {
            let entry = self.entry(piece, &mut seen);
            bytes += entry.raw.len();
            batch.push(entry);
            if batch.len() < BATCH_RECORDS && bytes < BATCH_BYTES {
                return true;
            }
            bytes = 0;
            sender.blocking_send(std::mem::take(&mut batch)).is_ok()
        };
        match open(&self.file) {
            Ok(file) => split(BufReader::with_capacity(1 << 16, file), SourceKind::knows_field, &mut found),
            Err(reject) => drop(found(Piece { at: At::File, line: 0, column: 0, raw: Vec::new(), whole: Err(reject) })),
        }
        if !batch.is_empty() {
            // Nobody listens any more when the run was given up.
            let _ = sender.blocking_send(batch);
        }
    }

    fn entry(&self, piece: Piece, seen: &mut Seen) -> Entry {
        let read = self.read(&piece).and_then(|(record, repairs)| {
            let id = &record.job.id;
            if seen.add(id) {
                return Ok((record, repairs));
            }
            let told = format!("The id {id} stands further up in this file already; that record counts.");
            Err(Reject::new(Reason::DuplicateId, told))
        });
        let (read, repairs) = match read {
            Ok((record, repairs)) => (Ok(record), repairs),
            Err(reject) => (Err(reject), Vec::new()),
        };
        Entry { file: self.file.clone(), at: piece.at, raw: piece.raw, read, repairs }
    }

    fn read(&self, piece: &Piece) -> Result<(ImportedJob, Vec<Repair>), Reject> {
        piece.whole.clone()?;
        let (value, mended) = parse(piece)?;
        let Value::Object(mut record) = value else { return Err(not_an_object(&value)) };
        let cleaned = text::without_nul(&mut record);
        let source = self.source.or_else(|| SourceKind::recognise(&record)).ok_or_else(|| unknown_shape(&record))?;
        let key = match &piece.at {
            At::Key(key) => Some(key.as_str()),
            _ => None,
        };
        let mut record = source.source().read(key, record, &self.context)?;
        for field in cleaned {
            record.kept.repaired(field, "nul_replaced");
        }
        for rule in mended {
            record.kept.repaired("", rule);
        }
        self.context.interrupted.settle(&mut record);
        Ok(record.into_job())
    }
}

/// Opens a file for reading.
pub fn open(path: &Path) -> Result<File, Reject> {
    let unreadable = |why: String| Reject::new(Reason::UnreadableFile, format!("The file cannot be opened: {why}."));
    let file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
    match file.metadata() {
        Ok(metadata) if metadata.is_dir() => Err(unreadable("it is a folder".into())),
        _ => Ok(file),
    }
}

/// The record's value, and by which rules it had to be mended.
fn parse(piece: &Piece) -> Result<(Value, Vec<&'static str>), Reject> {
    let error = match serde_json::from_slice(&piece.raw) {
        Ok(value) => return Ok((value, Vec::new())),
        Err(error) => error,
    };
    if let Some(mended) = mend::mend(&piece.raw)
        && let Ok(value) = serde_json::from_slice(&mended.raw)
    {
        return Ok((value, mended.rules));
    }
    let line = piece.line + (error.line() as u64).saturating_sub(1);
    let column = if error.line() <= 1 {
        piece.column + (error.column() as u64).saturating_sub(1)
    } else {
        error.column() as u64
    };
    let why = error.to_string();
    // serde_json ends its sentence with the place in the record; the one in the file is what helps.
    let why = why.rsplit_once(" at line ").map_or(why.as_str(), |(why, _)| why);
    Err(Reject::new(Reason::MalformedJson, format!("The record is not JSON: {why}, in line {line}, column {column}.")))
}

fn not_an_object(value: &Value) -> Reject {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    Reject::new(Reason::NotAnObject, format!("This is {kind}, not the object of a job."))
}

fn unknown_shape(record: &Map<String, Value>) -> Reject {
    let names: Vec<_> = record.keys().take(12).map(|name| name.chars().take(40).collect::<String>()).collect();
    let names = if names.is_empty() { "none".into() } else { names.join(", ") };
    let told = format!("The record's fields ({names}) are those of none of: {}.", SourceKind::names());
    Reject::new(Reason::UnknownShape, told)
}

/// The ids met so far, as 128 bits each: a million take 20 MB, and that two ids share theirs does not happen.
#[derive(Default)]
pub struct Seen {
    keys: [RandomState; 2],
    ids: HashSet<u128>,
}

impl Seen {
    /// False when the id was added before.
    pub fn add(&mut self, id: &str) -> bool {
        let [high, low] = self.keys.each_ref().map(|key| u128::from(key.hash_one(id)));
        self.ids.insert(high << 64 | low)
    }
}
