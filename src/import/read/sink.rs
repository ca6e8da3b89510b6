//! Where every reader hands its records to: they are parsed, recognised, freed of secrets and made into rows here, in
//! the same way whatever they were read from.

use super::{
    super::{
        bounds::held,
        fields::LAST_COUNTS,
        json::DEEPEST,
        kept::Repair,
        mend,
        reject::{Reason, Reject},
        report::At,
        secrets,
        seen::{Repeated, Seen},
        sources::{Context, SourceKind, callsheet},
        split::Piece,
        text,
    },
    Batch, Entry,
};
use crate::db::write::ImportedJob;
use serde_json::{Map, Value};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::mpsc;

/// A batch ends after so many records, which are written in one transaction,
const BATCH_RECORDS: usize = 5000;
/// or after so many bytes.
const BATCH_BYTES: usize = 2 << 20;

pub struct Sink {
    sender: mpsc::Sender<Batch>,
    batch: Batch,
    bytes: usize,
    context: Context,
    /// The store that all records are said to be of.
    named: Option<SourceKind>,
    file: Arc<PathBuf>,
    seen: Seen,
    /// The keys of the file that stand in it more than once.
    pub repeated: Repeated,
    /// The store that the next records are of, where the reader knows it.
    pub known: Option<SourceKind>,
    /// What the reader had to put right in the next record to hand it over.
    pub mended: Vec<Repair>,
}

impl Sink {
    pub fn new(sender: mpsc::Sender<Batch>, named: Option<SourceKind>, context: Context) -> Self {
        Self {
            sender,
            batch: Batch::new(),
            bytes: 0,
            context,
            named,
            file: Arc::default(),
            seen: Seen::default(),
            repeated: Repeated::default(),
            known: None,
            mended: Vec::new(),
        }
    }

    /// The records that follow stand in this file. An id may stand in it once.
    pub fn begin(&mut self, file: &Path) {
        self.file = Arc::new(file.to_owned());
        (self.seen, self.repeated, self.known) = (Seen::default(), Repeated::default(), None);
    }

    /// Takes a record. False when nobody wants more.
    pub fn take(&mut self, piece: Piece) -> bool {
        let entry = self.entry(piece);
        self.bytes += entry.raw.len();
        self.batch.push(entry);
        if self.batch.len() < BATCH_RECORDS && self.bytes < BATCH_BYTES {
            return true;
        }
        self.bytes = 0;
        self.sender.blocking_send(std::mem::take(&mut self.batch)).is_ok()
    }

    /// Takes a record that the reader put together. False when nobody wants more.
    pub fn take_record(&mut self, key: &str, record: Map<String, Value>) -> bool {
        self.take(piece(At::Key(key.to_owned()), Value::Object(record).to_string().into_bytes(), Ok(())))
    }

    /// Takes what can't be a record. False when nobody wants more.
    pub fn reject(&mut self, at: At, raw: impl Into<Vec<u8>>, reject: Reject) -> bool {
        self.take(piece(at, raw.into(), Err(reject)))
    }

    /// Hands on what is left.
    pub fn end(mut self) {
        if !self.batch.is_empty() {
            // Nobody listens any more when the run was given up.
            let _ = self.sender.blocking_send(std::mem::take(&mut self.batch));
        }
    }

    fn entry(&mut self, piece: Piece) -> Entry {
        let read = self.last_of_its_key(&piece).and_then(|()| self.read(&piece));
        let read = read.and_then(|(record, repairs)| self.once(record).map(|record| (record, repairs)));
        let (read, repairs) = match read {
            Ok((record, repairs)) => (Ok(record), repairs),
            Err(reject) => (Err(Reject::new(reject.reason, secrets::hidden(&reject.detail))), Vec::new()),
        };
        self.mended.clear();
        Entry { file: self.file.clone(), at: piece.at, raw: piece.raw, read, repairs }
    }

    fn last_of_its_key(&mut self, piece: &Piece) -> Result<(), Reject> {
        match &piece.at {
            At::Key(key) if self.repeated.comes_again(key) => {
                let told = format!("The key {key} stands in this object again further down; the last record counts.");
                Err(Reject::new(Reason::DuplicateId, told))
            }
            _ => Ok(()),
        }
    }

    fn once(&mut self, record: ImportedJob) -> Result<ImportedJob, Reject> {
        let id = &record.job.id;
        if self.seen.add(id) {
            return Ok(record);
        }
        let told = format!("The id {id} stands further up in this file already; that record counts.");
        Err(Reject::new(Reason::DuplicateId, told))
    }

    fn read(&self, piece: &Piece) -> Result<(ImportedJob, Vec<Repair>), Reject> {
        piece.whole.clone()?;
        let mend::Read { value, text: raw, rules, repeated, too_deep } =
            mend::read(&piece.raw).map_err(|error| malformed(piece, &error))?;
        let repeated: Vec<_> = repeated.iter().map(|name| text::plain(name).into_owned()).collect();
        let Value::Object(mut record) = value else { return Err(not_an_object(&value)) };
        let cleaned = text::without_nul(&mut record);
        let kind = self.known.or(self.named).or_else(|| SourceKind::recognise(&record));
        let kind = kind.ok_or_else(|| unknown_shape(&record))?;
        if kind == SourceKind::Callsheet {
            let told = |field, rule| Repair { field, rule };
            let cleaned = cleaned.into_iter().map(|field| told(field, "nul_replaced"));
            let repairs = cleaned.chain(rules.into_iter().map(|rule| told(String::new(), rule)));
            let repairs = repairs.chain(repeated.into_iter().map(|name| told(name, LAST_COUNTS))).collect();
            return callsheet::rows(record).and_then(held).map(|record| (record, repairs));
        }
        if too_deep {
            let told =
                format!("The record is nested more than {DEEPEST} levels deep, which is the most that is taken.");
            return Err(Reject::new(Reason::MalformedJson, told));
        }
        let source = kind.source();
        source.arrange(&mut record, &raw);
        let removed = secrets::remove(&mut record, source.secrets());
        let key = match &piece.at {
            At::Key(key) => Some(text::plain(key)),
            _ => None,
        };
        let mut record = source.read(key.as_deref(), record, &self.context)?;
        self.belongs(&record.id, record.source)?;
        for (fields, rule) in [(cleaned, "nul_replaced"), (removed, "secret_removed"), (repeated, LAST_COUNTS)] {
            fields.into_iter().for_each(|field| record.kept.repaired(field, rule));
        }
        rules.into_iter().for_each(|rule| record.kept.repaired("", rule));
        self.mended.iter().for_each(|mended| record.kept.repaired(mended.field.as_str(), mended.rule));
        self.context.interrupted.settle(&mut record);
        let (record, repairs) = record.into_job();
        held(record).map(|record| (record, repairs))
    }

    /// A store with a file a job trusts the id inside, so that a copy of a file doubles its job. The file that is called
    /// by the id is the one that the store goes on writing.
    fn belongs(&self, id: &str, source: SourceKind) -> Result<(), Reject> {
        let named_so = |name: &Path| name.file_stem().is_some_and(|stem| stem == id);
        if source != SourceKind::Web2img || named_so(&self.file) || id.contains(['/', '\\']) {
            return Ok(());
        }
        let own = self.file.with_file_name(format!("{id}.json"));
        if own.metadata().is_ok_and(|own| own.len() > 0) {
            let told = format!("The id {id} is that of the job in {}, which stands beside this file.", own.display());
            return Err(Reject::new(Reason::DuplicateId, told));
        }
        Ok(())
    }
}

/// A piece that was not cut out of a file.
pub fn piece(at: At, raw: Vec<u8>, whole: Result<(), Reject>) -> Piece {
    Piece { at, line: 1, column: 1, raw, whole }
}

fn malformed(piece: &Piece, error: &serde_json::Error) -> Reject {
    let line = piece.line + (error.line() as u64).saturating_sub(1);
    let column = if error.line() <= 1 {
        piece.column + (error.column() as u64).saturating_sub(1)
    } else {
        error.column() as u64
    };
    let why = error.to_string();
    // serde_json ends its sentence with the place in the record; the one in the file is what helps.
    let why = why.rsplit_once(" at line ").map_or(why.as_str(), |(why, _)| why);
    Reject::new(Reason::MalformedJson, format!("The record is not JSON: {why}, in line {line}, column {column}."))
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
