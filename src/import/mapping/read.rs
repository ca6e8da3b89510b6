//! Reads a record by a map.

use super::{Mapping, items, target::Target};
use crate::import::{
    fields::{Fields, whole},
    names, progress,
    record::Record,
    reject::{Reason, Reject},
    sources::{Context, SourceKind},
    status,
    times::{self, Zone},
};
use serde_json::{Map, Value};

impl Mapping {
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
    if let Some(time) = context.time_instead_of(&times, fields) {
        fields.replace("created_at", time.clone());
        fields.replace("updated_at", time);
        fields
            .legacy
            .repaired("created_at", "time_taken_from_the_file");
    }
}

/// Takes an integer, which a table of texts has as a text.
fn whole_of(fields: &mut Fields, name: &str) -> Option<i64> {
    let text = fields.look(name).and_then(Value::as_str).map(str::trim);
    let number = text.and_then(|text| {
        let precise = text.parse::<i64>().ok().map(Value::from);
        precise.or_else(|| text.parse::<f64>().ok().map(Value::from))
    });
    if let Some(number) = number.filter(|number| whole(number).is_some()) {
        fields.replace(name, number);
    }
    let is_whole = fields.look(name).and_then(whole).is_some();
    if is_whole { fields.whole(name) } else { None }
}
