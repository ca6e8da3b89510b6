//! Import of a store that is none of the known ones, by a map of its fields in the user's words:
//! `id=job_id,videoUrl=result.video_path`. A field that has its name in Callsheet needs no entry,
//! and all others stay in the job's `context`.

mod items;
mod target;

use super::{
    fields::{Fields, whole},
    identity::IdentityNames,
    names, progress,
    record::Record,
    reject::{Reason, Reject},
    sources::{Context, SourceKind},
    status,
    times::{self, Zone},
};
use serde_json::{Map, Value};
use std::{
    fmt,
    str::FromStr,
    sync::atomic::{AtomicBool, Ordering},
};
use target::Target;

/// Form of a store that a map describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Json,
    Sqlite,
    Csv,
}

impl Format {
    pub const ALL: [Format; 3] = [Format::Json, Format::Sqlite, Format::Csv];

    pub fn name(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Sqlite => "sqlite",
            Format::Csv => "csv",
        }
    }
}

impl FromStr for Format {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let found = Self::ALL.into_iter().find(|format| format.name() == name);
        found.ok_or(())
    }
}

/// Map of a store's fields.
#[derive(Debug)]
pub struct Mapping {
    pub format: Format,
    /// Table of a SQLite file.
    pub table: Option<String>,
    /// Job type of records without one.
    job_type: Option<String>,
    pairs: Vec<Pair>,
}

#[derive(Debug)]
struct Pair {
    /// Name of the member in the store; with dots, of a member inside others.
    source: String,
    target: Target,
    /// Whether a record had the member.
    met: AtomicBool,
}

impl Mapping {
    /// Reads a map: pairs of `THEIRS=OURS`, separated by commas. An entry may have several pairs.
    pub fn new(
        format: Format,
        table: Option<String>,
        job_type: Option<String>,
        entries: &[String],
    ) -> Result<Self, String> {
        let entries = entries.iter().flat_map(|entry| entry.split(','));
        let mut pairs = Vec::<Pair>::new();
        for entry in entries.map(str::trim).filter(|entry| !entry.is_empty()) {
            let pair = Pair::new(entry)?;
            if let Some(other) = pairs.iter().find(|other| other.target == pair.target) {
                let (target, first, second) = (&pair.target, &other.source, &pair.source);
                return Err(format!(
                    "{first} and {second} cannot both be {target}: name one of them"
                ));
            }
            pairs.push(pair);
        }
        let job_type = job_type
            .map(|job_type| names::job_type(Some(job_type), None, None))
            .transpose()
            .map_err(|reject| reject.detail)?;
        Ok(Self {
            format,
            table,
            job_type,
            pairs,
        })
    }

    /// Whether an object is a record: it has several of the members that the map names, or that
    /// have their names in Callsheet.
    pub fn is_record(&self, record: &Map<String, Value>) -> bool {
        let mapped = self.pairs.iter().map(Pair::head);
        let named = target::PLAIN
            .iter()
            .copied()
            .filter(|name| !self.pairs.iter().any(|pair| pair.head() == *name));
        mapped
            .chain(named)
            .filter(|name| record.contains_key(*name))
            .take(2)
            .count()
            > 1
    }

    /// Whether a member of this name identifies a record.
    pub fn is_id(&self, name: &str) -> bool {
        match self.source_of("job_id") {
            Some(source) => source == name,
            None => name == "id",
        }
    }

    /// Whether the map, or Callsheet, names this member.
    pub fn names(&self, name: &str) -> bool {
        target::PLAIN.contains(&name) || self.pairs.iter().any(|pair| pair.head() == name)
    }

    /// Names of the id and of the time of the last change.
    pub fn identity(&self) -> IdentityNames {
        let first = |target: &str, others: &[&str]| {
            let mapped = self.source_of(target).map(str::to_owned);
            let others = others.iter().map(|name| (*name).to_owned());
            mapped.into_iter().chain(others).collect()
        };
        IdentityNames {
            ids: first("job_id", &["job_id", "id"]),
            updated: first("updated_at", &["updated_at"]),
        }
    }

    /// Column of the id, for reports.
    pub fn key_column(&self) -> &str {
        self.source_of("job_id").unwrap_or("id")
    }

    /// Sentences about the members that no record had.
    pub fn unmet(&self) -> Vec<String> {
        let unmet = self
            .pairs
            .iter()
            .filter(|pair| !pair.met.load(Ordering::Relaxed));
        unmet
            .map(|pair| format!("no record has `{}`, which --map names", pair.source))
            .collect()
    }

    fn source_of(&self, target: &str) -> Option<&str> {
        let of = |pair: &&Pair| pair.target == Target::Field(target.to_owned());
        self.pairs.iter().find(of).map(|pair| pair.source.as_str())
    }

    /// Reads a record. `key` is its key, if it was in an object by id.
    pub fn read(
        &self,
        key: Option<&str>,
        mut record: Map<String, Value>,
        context: &Context,
    ) -> Result<Record, Reject> {
        let mut request = Map::new();
        let mut result = Map::new();
        let mut mapped = Vec::new();
        for pair in &self.pairs {
            let Some(value) = pair.take(&mut record) else {
                continue;
            };
            match &pair.target {
                Target::Field(name) => mapped.push((name.as_str(), value)),
                Target::Request(path) => insert(&mut request, path, value),
                Target::Result(path) => insert(&mut result, path, value),
            }
        }
        let mut fields = Fields::new(record);
        for (name, value) in mapped {
            if let Some(own) = fields.take(name) {
                fields.legacy.keep(name, own);
            }
            fields.replace(name, value);
        }
        self.shape(key, fields, request, result, context)
    }

    fn shape(
        &self,
        key: Option<&str>,
        mut fields: Fields,
        request: Map<String, Value>,
        result: Map<String, Value>,
        context: &Context,
    ) -> Result<Record, Reject> {
        unwrap_id(&mut fields);
        let id = names::take_id(&mut fields, key)?;
        let status = status::take(&mut fields, &context.words)?;
        let job_type = self.job_type(&mut fields)?;
        give_time(&mut fields, context);
        let times = times::take(&mut fields, Zone::Local(context.zone))?;
        let run_at = fields.take("run_at");
        let zone = Zone::Local(context.zone);
        let run_at = times::take_one(&mut fields, "run_at", run_at, zone, None);
        let request = merged(fields.json_object("request"), request);
        let result = merged(fields.json_object("result"), result);
        let items = items::items(&mut fields, &context.words)?;
        let fraction = fields.take("progress_fraction").map(|fraction| {
            fields.replace("progress", fraction);
            progress::Scale::Fraction
        });
        let scale = fraction.unwrap_or(progress::Scale::Percent);
        let mode = fields.text("mode").or_else(|| names::mode(&job_type));
        let priority = whole_of(&mut fields, "priority").unwrap_or(0);
        Ok(Record {
            job_type,
            mode,
            content: fields.words("content"),
            user_requirement: fields.words("user_requirement"),
            style: fields.words("style"),
            project_title: fields.words("project_title"),
            request_data: request,
            priority: i16::try_from(priority.clamp(-100, 100)).unwrap_or_default(),
            run_at: run_at.filter(|_| status.0 == entity::JobStatus::Queued),
            working_dir: fields.text("working_dir"),
            progress: progress::take(&mut fields, scale),
            current_stage: fields.words("current_stage"),
            result,
            error: fields.words("error"),
            total_shots: whole_of(&mut fields, "total_shots"),
            completed_shots: whole_of(&mut fields, "completed_shots"),
            items,
            legacy: fields.finish(),
            ..Record::bare(SourceKind::Mapped, id, status, times)
        })
    }

    /// Job type of a record: its own, if it is a possible one, else that of `--type`.
    fn job_type(&self, fields: &mut Fields) -> Result<String, Reject> {
        for name in ["job_type", "type"] {
            let own = fields.look(name).and_then(Value::as_str).map(str::to_owned);
            let Some(own) = own else { continue };
            match names::job_type(Some(own), None, None) {
                Ok(job_type) => {
                    fields.take(name);
                    return Ok(job_type);
                }
                Err(reject) if self.job_type.is_none() => return Err(reject),
                Err(_) => {}
            }
        }
        self.job_type.clone().ok_or_else(|| {
            let detail = "The record has no job type: name one for all with --type TYPE, or the \
                field that has it with --map FIELD=job_type.";
            Reject::new(Reason::BadJobType, detail)
        })
    }
}

impl fmt::Display for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs: Vec<_> = self
            .pairs
            .iter()
            .map(|pair| format!("{}={}", pair.source, pair.target))
            .collect();
        f.write_str(&pairs.join(","))
    }
}

impl Pair {
    fn new(entry: &str) -> Result<Self, String> {
        let (source, name) = entry.split_once('=').ok_or_else(|| {
            format!("`{entry}` has to be THEIRS=OURS, for example videoUrl=result.video_path")
        })?;
        let (source, name) = (source.trim(), name.trim());
        if source.is_empty() {
            return Err(format!("`{entry}` does not name the field of the store"));
        }
        let target = name
            .parse::<Target>()
            .map_err(|why| match source.parse::<Target>() {
                Ok(_) => format!("{why}; the field of the store comes first: {name}={source}"),
                Err(_) => why,
            })?;
        Ok(Self {
            source: source.to_owned(),
            target,
            met: AtomicBool::new(false),
        })
    }

    /// First name of the path into the record.
    fn head(&self) -> &str {
        self.source.split('.').next().unwrap_or(&self.source)
    }

    /// Takes the value out of the record. A name with dots may also be that of one member.
    fn take(&self, record: &mut Map<String, Value>) -> Option<Value> {
        let value = if record.contains_key(&self.source) {
            record.remove(&self.source)
        } else {
            take_path(record, &self.source)
        }?;
        self.met.store(true, Ordering::Relaxed);
        (!value.is_null()).then_some(value)
    }
}

fn take_path(record: &mut Map<String, Value>, path: &str) -> Option<Value> {
    let (head, rest) = path.split_once('.')?;
    let members = match record.get_mut(head)? {
        Value::Object(members) => members,
        // A database keeps JSON as text.
        text @ Value::String(_) => {
            let parsed = serde_json::from_str(text.as_str()?).ok()?;
            *text = Value::Object(parsed);
            text.as_object_mut()?
        }
        _ => return None,
    };
    if members.contains_key(rest) {
        members.remove(rest)
    } else {
        take_path(members, rest)
    }
}

/// Puts a value at the end of a path of names.
fn insert(members: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => drop(members.insert(path.to_owned(), value)),
        Some((head, rest)) => {
            let inner = members.entry(head).or_insert_with(|| Map::new().into());
            match inner {
                Value::Object(inner) => insert(inner, rest, value),
                _ => drop(members.insert(path.to_owned(), value)),
            }
        }
    }
}

/// Members of the record's own object, and those that the map adds.
fn merged(own: Option<Map<String, Value>>, more: Map<String, Value>) -> Option<Map<String, Value>> {
    let mut all = own.unwrap_or_default();
    all.extend(more);
    (!all.is_empty()).then_some(all)
}

/// Unwraps the id of a document of MongoDB.
fn unwrap_id(fields: &mut Fields) {
    fields.rename("_id", "id");
    for name in ["job_id", "id"] {
        if let Some(Value::String(id)) = fields.look(name).and_then(|id| id.get("$oid")) {
            let id = id.clone();
            fields.replace(name, id.into());
        }
    }
}

/// Gives a record without any time that of its file.
fn give_time(fields: &mut Fields, context: &Context) {
    let times = ["created_at", "updated_at", "started_at", "completed_at"];
    if times.iter().any(|name| fields.look(name).is_some()) {
        return;
    }
    if let Some(time) = context.file_time() {
        fields.replace("created_at", time.to_rfc3339().into());
        fields.replace("updated_at", time.to_rfc3339().into());
        fields
            .legacy
            .repaired("created_at", "time_taken_from_the_file");
    }
}

/// Takes an integer, which a table of texts has as a text.
fn whole_of(fields: &mut Fields, name: &str) -> Option<i64> {
    let text = fields.look(name).and_then(Value::as_str);
    if let Some(number) = text.and_then(|text| text.trim().parse::<f64>().ok()) {
        fields.replace(name, number.into());
    }
    let is_whole = fields.look(name).and_then(whole).is_some();
    if is_whole { fields.whole(name) } else { None }
}

#[cfg(test)]
mod tests;
