//! vedo-pipeline: the dict `pipeline_jobs` of vedo's direct pipeline. Times are UTC without a zone,
//! whatever the server's zone was; progress is a fraction. The store did not write down the job's
//! folder, which follows from type and id.

use super::{Context, Source, SourceKind, knows};
use crate::import::{
    fields::{Fields, text_of},
    names, progress,
    record::Record,
    reject::Reject,
    status,
    times::{self, Zone},
};
use serde_json::{Map, Value};

pub struct VedoPipeline;

impl Source for VedoPipeline {
    fn name(&self) -> &'static str {
        "vedo-pipeline"
    }

    fn fields(&self) -> &'static [&'static str] {
        &[
            "job_id",
            "episode_id",
            "pipeline_type",
            "status",
            "progress",
            "video_path",
            "error",
            "request_data",
            "created_at",
            "updated_at",
        ]
    }

    fn recognises(&self, record: &Map<String, Value>) -> bool {
        let own = record.get("pipeline_type").and_then(Value::as_str);
        own.is_some_and(names::is_of_vedo) || (own.is_some() && knows(record, "request_data"))
    }

    fn read(
        &self,
        key: Option<&str>,
        record: Map<String, Value>,
        context: &Context,
    ) -> Result<Record, Reject> {
        let mut fields = Fields::new(record);
        let id = names::take_id(&mut fields, key)?;
        let status = status::take(&mut fields, &context.words)?;
        let times = times::take(&mut fields, Zone::Utc)?;
        let request = fields.object("request_data");
        let job_type = names::job_type(fields.text("pipeline_type"), None, request.as_ref())?;
        let asked = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| text_of(request.as_ref()?, name))
        };
        // The older endpoint used a shared folder, with a subfolder per job id.
        let folder = (!names::is_like_a_path(&id)).then(|| format!(".working_dir/{job_type}/{id}"));
        Ok(Record {
            mode: names::mode(&job_type),
            job_type,
            content: asked(&["idea", "script", "content"]),
            user_requirement: asked(&["user_requirement"]),
            style: asked(&["style"]),
            project_title: asked(&["title", "project_title"]),
            working_dir: fields.text("working_dir").or(folder),
            episode_id: fields.text("episode_id"),
            series_id: fields.text("series_id").or_else(|| asked(&["series_id"])),
            progress: progress::take(&mut fields, progress::Scale::Fraction),
            current_stage: fields.text("current_stage"),
            result: super::result_of(&mut fields),
            error: fields.words("error"),
            total_shots: fields.whole("total_shots"),
            completed_shots: fields.whole("completed_shots"),
            request_data: request,
            legacy: fields.finish(),
            ..Record::bare(SourceKind::VedoPipeline, id, status, times)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn its_times_are_utc_whatever_zone_is_named() {
        let record = json!({
            "job_id": "a", "pipeline_type": "idea2video", "status": "running", "progress": 0.1, "video_path": "v.mp4",
            "request_data": {}, "created_at": "2025-11-09T02:30:00.003351", "updated_at": "2025-11-09T02:30:01",
        });
        let Value::Object(record) = record else {
            panic!("a record is an object")
        };
        assert_eq!(
            SourceKind::recognise(&record),
            Some(SourceKind::VedoPipeline)
        );
        let context = Context {
            zone: chrono_tz::America::New_York,
            ..Context::default()
        };
        let record = VedoPipeline.read(None, record, &context).unwrap();
        assert_eq!(
            record.times.created.to_rfc3339(),
            "2025-11-09T02:30:00.003351+00:00"
        );
        assert_eq!(record.progress, Some(10.0));
        assert_eq!(record.result.unwrap()["video_path"], "v.mp4");
        assert_eq!(
            record.working_dir.as_deref(),
            Some(".working_dir/idea2video/a")
        );
    }
}
