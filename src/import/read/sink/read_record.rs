//! Reads one record: parses its text, recognises its store, and makes its rows.

use super::{
    super::{
        super::{
            assumed::Assumed,
            bounds::held,
            fields::LAST_COUNTS,
            json,
            legacy::Repair,
            names::id_text,
            reject::{Reason, Reject},
            repair, secrets,
            sources::{SourceKind, callsheet},
            split::Piece,
            text,
        },
        RecordReader,
        unreadable::{malformed, not_an_object, too_many, unknown_shape},
    },
    RecordSink,
};
use crate::{db::write::ImportedJob, import::report::Position, strict_json::MAX_DEPTH};
use serde_json::{Map, Value};
use std::{borrow::Cow, path::Path};

/// Rule of the fields in which a NUL was replaced.
const NUL_REPLACED: &str = "nul_replaced";

/// A record that can be written.
pub struct Found {
    pub job: ImportedJob,
    pub repairs: Vec<Repair>,
    pub assumed: Assumed,
}

/// Members of a record, and what was repaired to parse them.
struct Parsed<'a> {
    record: Map<String, Value>,
    /// Text that was parsed.
    text: Cow<'a, [u8]>,
    /// Rules that changed the text.
    rules: Vec<&'static str>,
    /// Names that occur more than once.
    repeated: Vec<String>,
    /// Fields in which a NUL was replaced.
    cleaned: Vec<String>,
    too_deep: bool,
}

impl RecordSink {
    pub fn read(&self, piece: &Piece) -> Result<Found, Reject> {
        let parsed = parse(piece)?;
        match self.kind_of(&parsed.record)? {
            SourceKind::Callsheet => self.read_own(parsed),
            kind => self.read_of_store(piece, kind, parsed),
        }
    }

    fn kind_of(&self, record: &Map<String, Value>) -> Result<SourceKind, Reject> {
        match (self.known, &self.reader) {
            (Some(kind), _) => Ok(kind),
            (None, RecordReader::Store(kind)) => Ok(*kind),
            (None, RecordReader::Mapped(_)) => Ok(SourceKind::Mapped),
            (None, RecordReader::ByFields) => {
                SourceKind::recognise(record).ok_or_else(|| unknown_shape(record))
            }
        }
    }

    /// Reads a record of Callsheet's own export, whose rows are taken as they are.
    fn read_own(&self, parsed: Parsed) -> Result<Found, Reject> {
        let cleaned = parsed
            .cleaned
            .into_iter()
            .map(|field| (field, NUL_REPLACED));
        let rules = parsed.rules.into_iter().map(|rule| (String::new(), rule));
        let repeated = parsed.repeated.into_iter().map(|name| (name, LAST_COUNTS));
        let repairs = cleaned.chain(rules).chain(repeated);
        Ok(Found {
            job: callsheet::rows(parsed.record).and_then(held)?,
            repairs: repairs
                .map(|(field, rule)| Repair { field, rule })
                .chain(self.mended.iter().cloned())
                .collect(),
            assumed: Assumed::default(),
        })
    }

    fn read_of_store(
        &self,
        piece: &Piece,
        kind: SourceKind,
        parsed: Parsed,
    ) -> Result<Found, Reject> {
        if parsed.too_deep {
            return Err(too_deep());
        }
        let mut record = parsed.record;
        let source = kind.source();
        source.arrange(&mut record, &parsed.text);
        let removed = secrets::remove(&mut record, source.secrets());
        let named = self.file_names(piece, kind, &record);
        let key = match &piece.at {
            Position::Key(key) => Some(text::plain(key)),
            _ => named.as_deref().map(Into::into),
        };
        let mut record = match &self.reader {
            RecordReader::Mapped(mapping) if kind == SourceKind::Mapped => {
                mapping.read(key.as_deref(), record, &self.context)?
            }
            _ => source.read(key.as_deref(), record, &self.context)?,
        };
        self.belongs(&record.id, record.source)?;
        let legacy = &mut record.legacy;
        if named.is_some() {
            legacy.repaired("job_id", "id_taken_from_the_file_name");
        }
        for (fields, rule) in [
            (parsed.cleaned, NUL_REPLACED),
            (removed, "secret_removed"),
            (parsed.repeated, LAST_COUNTS),
        ] {
            for field in fields {
                legacy.repaired(field, rule);
            }
        }
        for rule in parsed.rules {
            legacy.repaired("", rule);
        }
        for Repair { field, rule } in &self.mended {
            legacy.repaired(field.as_str(), rule);
        }
        self.context.interrupted.settle(&mut record);
        let assumed = std::mem::take(&mut record.legacy.assumed);
        let (job, repairs) = record.into_job();
        Ok(Found {
            job: held(job)?,
            repairs,
            assumed,
        })
    }

    /// Id of a record without one, in a folder with a file for each job: the name of its file.
    fn file_names(
        &self,
        piece: &Piece,
        kind: SourceKind,
        record: &Map<String, Value>,
    ) -> Option<String> {
        let by_file = self.visits_folder || kind == SourceKind::Web2img;
        let has_id = |name: &str| record.get(name).and_then(id_text).is_some();
        if !by_file || !piece.alone || has_id("job_id") || has_id("id") {
            return None;
        }
        let name = self.file.file_name()?.to_str()?;
        let end = name.find(".json").or_else(|| name.find(".ndjson"))?;
        Some(name[..end].to_owned()).filter(|name| !name.is_empty())
    }

    /// Rejects a copy of a job's file. A store with one file per job trusts the id inside, so that
    /// a copy would import the job twice. The store goes on writing the file that is named by the
    /// id.
    fn belongs(&self, id: &str, source: SourceKind) -> Result<(), Reject> {
        let named_so = |name: &Path| name.file_stem().is_some_and(|stem| stem == id);
        if source != SourceKind::Web2img || named_so(&self.file) || id.contains(['/', '\\']) {
            return Ok(());
        }
        let own = self.file.with_file_name(format!("{id}.json"));
        if own.metadata().is_ok_and(|own| own.len() > 0) {
            let detail = format!(
                "The id {id} is that of the job in {}, which stands beside this file.",
                own.display()
            );
            return Err(Reject::new(Reason::DuplicateId, detail));
        }
        Ok(())
    }
}

fn parse(piece: &Piece) -> Result<Parsed<'_>, Reject> {
    piece.whole.clone()?;
    let read = repair::read(&piece.raw).map_err(|error| match error {
        json::Unread::TooMany => too_many(),
        json::Unread::Malformed(error) => malformed(piece, &error),
    })?;
    let Value::Object(mut record) = read.value else {
        return Err(not_an_object(&read.value));
    };
    let repeated = read.repeated.iter();
    Ok(Parsed {
        cleaned: text::without_nul(&mut record),
        record,
        text: read.text,
        rules: read.rules,
        repeated: repeated
            .map(|name| text::plain(name).into_owned())
            .collect(),
        too_deep: read.too_deep,
    })
}

fn too_deep() -> Reject {
    let detail = format!(
        "The record is nested more than {MAX_DEPTH} levels deep, which is the most that is taken."
    );
    Reject::new(Reason::MalformedJson, detail)
}
