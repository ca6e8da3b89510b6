//! vedo-cache: the `_cache` of vedo's `VideoJobManager`. Times end in `Z`, and a time without a
//! zone is UTC as well. A record has a mode and no job type; progress is in percent.

use super::{Context, Source, SourceKind, count_of, has, has_type};
use crate::import::{
    fields::Fields,
    names, progress,
    record::Record,
    reject::Reject,
    status,
    times::{self, Zone},
};
use serde_json::{Map, Value};

pub struct VedoCache;

/// Names that tell a record of this store from another one with a mode.
const OWN: [&str; 10] = [
    "content",
    "user_requirement",
    "title",
    "project_title",
    "working_dir",
    "total_shots",
    "current_stage",
    "error_details",
    "episode_id",
    "episode_number",
];

impl Source for VedoCache {
    fn name(&self) -> &'static str {
        "vedo-cache"
    }

    fn fields(&self) -> &'static [&'static str] {
        &[
            "job_id",
            "status",
            "mode",
            "content",
            "user_requirement",
            "style",
            "title",
            "series_id",
            "episode_number",
            "episode_id",
            "working_dir",
            "progress",
            "current_stage",
            "video_path",
            "total_shots",
            "error",
            "error_details",
            "created_at",
            "updated_at",
            "completed_at",
        ]
    }

    fn recognises(&self, record: &Map<String, Value>) -> bool {
        // Many programs have modes, but only this store has these two beside such names.
        let mode = record.get("mode").and_then(Value::as_str);
        mode.is_some_and(names::is_mode_of_vedo)
            && has(record, "status")
            && !has_type(record)
            && count_of(record, &OWN) > 0
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
        let mode = fields.text("mode");
        Ok(Record {
            job_type: names::job_type(None, mode.as_deref(), None)?,
            mode,
            content: fields.text("content"),
            user_requirement: fields.text("user_requirement"),
            style: fields.text("style"),
            project_title: fields
                .text("title")
                .or_else(|| fields.text("project_title")),
            request_data: fields.object("request_data"),
            working_dir: fields.text("working_dir"),
            episode_id: fields.text("episode_id"),
            series_id: fields.text("series_id"),
            progress: progress::take(&mut fields, progress::Scale::Percent),
            current_stage: fields.text("current_stage"),
            result: super::result_of(&mut fields),
            error: fields.words("error"),
            total_shots: fields.whole("total_shots"),
            completed_shots: fields.whole("completed_shots"),
            legacy: fields.finish(),
            ..Record::bare(SourceKind::VedoCache, id, status, times)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_job_type_is_the_mode_followed_by_2video() {
        let record = json!({
            "job_id": "a", "status": "failed", "mode": "script", "error_details": {"code": 502}, "episode_number": 3,
            "created_at": "2025-12-06T18:05:30Z", "updated_at": "2025-12-06T18:48:09Z",
        });
        let Value::Object(record) = record else {
            panic!("a record is an object")
        };
        assert_eq!(SourceKind::recognise(&record), Some(SourceKind::VedoCache));
        let record = VedoCache.read(None, record, &Context::default()).unwrap();
        assert_eq!(
            (record.job_type.as_str(), record.mode.as_deref()),
            ("script2video", Some("script"))
        );
        let legacy = json!({"error_details": {"code": 502}, "episode_number": 3});
        assert_eq!(record.legacy.into_context().unwrap()["legacy"], legacy);
    }
}
