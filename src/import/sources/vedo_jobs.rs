//! vedo-jobs: the dict `jobs` of vedo's API server. Times are local without a zone. Progress is in
//! percent, and exists only if a client asked for it while the job had shots. The server read the
//! shots from disk.

use super::{Context, Source, SourceKind, count_of, has, knows, shots};
use crate::import::{
    fields::{Fields, text_of, whole},
    names, progress,
    record::Record,
    reject::Reject,
    status,
    times::{self, Zone},
};
use serde_json::{Map, Value};

pub struct VedoJobs;

/// Names of which a record of the store has two at least; many programs have one.
const SHAPE: [&str; 3] = ["request", "shots", "working_dir"];

/// Job type of a record that does not name it: that of its request, its folder or its result.
fn type_of(record: &Map<String, Value>) -> Option<&'static str> {
    let text = |members: &Map<String, Value>, name: &str| text_of(members, name);
    let inner = |name: &str| record.get(name).and_then(Value::as_object);
    if let Some(request) = inner("request") {
        let named = [("idea", "idea2video"), ("script", "script2video")];
        let found = named.iter().find(|(name, _)| has(request, name));
        if let Some((_, job_type)) = found {
            return Some(job_type);
        }
    }
    let folder = text(record, "working_dir");
    let result = inner("result").and_then(|result| text(result, "final_video_path"));
    let shots = record.get("shots").and_then(Value::as_array);
    let shots = shots.into_iter().flatten().filter_map(Value::as_object);
    let of_shots = shots.filter_map(|shot| text(shot, "video_path"));
    let mut paths = folder.into_iter().chain(result).chain(of_shots);
    paths.find_map(|path| names::of_path(&path))
}

impl Source for VedoJobs {
    fn name(&self) -> &'static str {
        "vedo-jobs"
    }

    fn fields(&self) -> &'static [&'static str] {
        &[
            "job_id",
            "type",
            "status",
            "created_at",
            "updated_at",
            "request",
            "working_dir",
            "shots",
            "current_stage",
            "result",
            "error",
            "progress",
        ]
    }

    fn recognises(&self, record: &Map<String, Value>) -> bool {
        if knows(record, "pipeline_type") || knows(record, "job_type") {
            return false;
        }
        let shape = count_of(record, &SHAPE);
        match record.get("type").and_then(Value::as_str) {
            Some(own) => shape > 1 || (shape == 1 && names::is_of_vedo(own)),
            // The answer about a single job leaves out the type, which its folder tells, and a
            // record may have lost it.
            None => shape > 1 && type_of(record).is_some(),
        }
    }

    fn read(
        &self,
        key: Option<&str>,
        record: Map<String, Value>,
        context: &Context,
    ) -> Result<Record, Reject> {
        let named = if has(&record, "type") {
            None
        } else {
            type_of(&record)
        };
        let mut fields = Fields::new(record);
        let id = names::take_id(&mut fields, key)?;
        let status = status::take(&mut fields, &context.words)?;
        let times = times::take(&mut fields, Zone::Local(context.zone))?;
        let request = fields.object("request");
        let own = fields.text("type");
        let named = named.filter(|_| own.is_none());
        if named.is_some() {
            fields
                .legacy
                .repaired("type", "missing_type_follows_from_the_record");
        }
        let own = own.or_else(|| named.map(str::to_owned));
        let job_type = names::job_type(own, None, request.as_ref())?;
        let items = shots::items(&mut fields, &context.words)?;
        let result = fields.object("result");
        let asked = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| text_of(request.as_ref()?, name))
        };
        Ok(Record {
            mode: names::mode(&job_type),
            job_type,
            content: asked(&["idea", "script", "content"]),
            user_requirement: asked(&["user_requirement"]),
            style: asked(&["style"]),
            project_title: asked(&["project_title", "title"]),
            working_dir: fields.text("working_dir"),
            episode_id: fields.text("episode_id"),
            series_id: fields.text("series_id"),
            progress: progress::take(&mut fields, progress::Scale::Percent),
            current_stage: fields.text("current_stage"),
            error: fields.words("error"),
            // Only the result of a completed job has this number, which is then the count of its
            // shots.
            total_shots: fields
                .whole("total_shots")
                .or_else(|| whole(result.as_ref()?.get("total_shots")?)),
            completed_shots: fields.whole("completed_shots"),
            items,
            request_data: request,
            result,
            legacy: fields.finish(),
            ..Record::bare(SourceKind::VedoJobs, id, status, times)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(record: Value) -> Result<Record, Reject> {
        let Value::Object(record) = record else {
            panic!("a record is an object")
        };
        assert!(VedoJobs.recognises(&record));
        VedoJobs.read(None, record, &Context::default())
    }

    #[test]
    fn a_record_without_a_request_comes_in() {
        let record = json!({
            "job_id": "a", "type": "idea2video", "status": "queued", "created_at": "2025-01-01T00:00:00",
            "updated_at": "2025-01-01T00:00:00", "request": null, "shots": [],
        });
        let record = read(record).unwrap();
        assert_eq!(
            (record.request_data, record.content, record.mode.as_deref()),
            (None, None, Some("idea"))
        );
    }

    #[test]
    fn a_field_that_the_store_never_wrote_is_kept() {
        let record = json!({
            "job_id": "a", "type": "idea2video", "status": "failed", "created_at": "2025-01-01T00:00:00",
            "updated_at": "2025-01-01T00:00:00", "request": "text", "shots": [], "tenant": 7, "error": {"code": 1},
        });
        let record = read(record).unwrap();
        assert_eq!(record.error.as_deref(), Some(r#"{"code":1}"#));
        let context = record.legacy.into_context().unwrap();
        assert_eq!(context["legacy"], json!({"tenant": 7, "request": "text"}));
    }
}
