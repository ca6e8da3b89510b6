//! vedo-table: the table `video_generation_jobs` of vedo's SQL database, read from SQLite, from
//! PostgreSQL, or from a dump of its `to_dict` output. Times are UTC without a zone; progress is in
//! percent.

use super::{Context, Source, SourceKind, count_of, has, knows};
use crate::import::{
    fields::{Fields, text_of, whole},
    names, progress,
    record::Record,
    reject::Reject,
    status,
    times::{self, Zone},
};
use serde_json::{Map, Value};

pub struct VedoTable;

/// Columns that only this table has together: other tables of jobs have some of the rest.
const OWN: [&str; 9] = [
    "mode",
    "user_requirement",
    "project_title",
    "request_data",
    "result_data",
    "total_shots",
    "completed_shots",
    "episode_id",
    "series_id",
];

/// Columns that `to_dict` renames.
const NAMES: [(&str, &str); 3] = [
    ("id", "job_id"),
    ("result_data", "result"),
    ("error_message", "error"),
];

impl Source for VedoTable {
    fn name(&self) -> &'static str {
        "vedo-table"
    }

    fn fields(&self) -> &'static [&'static str] {
        &[
            "id",
            "job_id",
            "job_type",
            "mode",
            "status",
            "content",
            "user_requirement",
            "style",
            "project_title",
            "request_data",
            "context",
            "progress",
            "current_stage",
            "working_dir",
            "result_data",
            "result",
            "error_message",
            "error",
            "total_shots",
            "completed_shots",
            "episode_id",
            "series_id",
            "created_at",
            "updated_at",
            "started_at",
            "completed_at",
        ]
    }

    fn recognises(&self, record: &Map<String, Value>) -> bool {
        // Callsheet's own jobs have these names too, and more.
        has(record, "job_type") && !knows(record, "max_attempts") && count_of(record, &OWN) > 1
    }

    fn read(
        &self,
        key: Option<&str>,
        record: Map<String, Value>,
        context: &Context,
    ) -> Result<Record, Reject> {
        let mut fields = Fields::new(record);
        NAMES
            .iter()
            .for_each(|(column, name)| fields.rename(column, name));
        let id = names::take_id(&mut fields, key)?;
        let status = status::take(&mut fields, &context.words)?;
        let times = times::take(&mut fields, Zone::Utc)?;
        let request = fields
            .json_object("request_data")
            .filter(|request| !request.is_empty());
        let mode = fields.text("mode");
        let job_type = names::job_type(fields.text("job_type"), mode.as_deref(), request.as_ref())?;
        let result = fields.json_object("result");
        if let Some(own) = fields.json_object("context").filter(|own| !own.is_empty()) {
            fields.legacy.keep("context", own.into());
        }
        let asked = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| text_of(request.as_ref()?, name))
        };
        let total = total_shots(&mut fields, result.as_ref());
        Ok(Record {
            mode: mode.or_else(|| names::mode(&job_type)),
            job_type,
            content: fields
                .text("content")
                .or_else(|| asked(&["idea", "script", "content"])),
            user_requirement: fields.text("user_requirement"),
            style: fields.text("style"),
            project_title: fields
                .text("project_title")
                .or_else(|| asked(&["project_title", "title"])),
            working_dir: fields.text("working_dir"),
            episode_id: fields.text("episode_id"),
            series_id: fields.text("series_id"),
            progress: progress::take(&mut fields, progress::Scale::Percent),
            current_stage: fields.text("current_stage"),
            error: fields.words("error"),
            total_shots: total,
            // The store never wrote this column, so that its default means nothing for a finished
            // job.
            completed_shots: fields.whole("completed_shots").filter(|shots| *shots != 0),
            request_data: request,
            result,
            legacy: fields.finish(),
            ..Record::bare(SourceKind::VedoTable, id, status, times)
        })
    }
}

/// Total shots from the result or the column. The newer endpoints left the column at 0. If both
/// have a number, the result counts, since it was made from the shots themselves.
fn total_shots(fields: &mut Fields, result: Option<&Map<String, Value>>) -> Option<i64> {
    let column = fields.whole("total_shots").filter(|total| *total != 0);
    let of_result = result
        .and_then(|result| whole(result.get("total_shots")?))
        .filter(|total| *total > 0);
    if let (Some(column), Some(counted)) = (column, of_result)
        && column != counted
    {
        fields
            .legacy
            .repair("total_shots", "result_wins_over_counter", column.into());
    }
    of_result.or(column)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_that_is_text_is_read_and_the_result_outweighs_the_counter() {
        let row = json!({
            "id": "a", "job_type": "idea2video", "status": "completed", "mode": "idea", "total_shots": 9,
            "request_data": "{\"title\": \"t\"}", "result_data": "{\"total_shots\": 4, \
            \"sharpness\": NaN}",
            "context": "null", "completed_shots": 0, "progress": 100.0,
            "created_at": "2025-11-21 03:56:30.864216", "updated_at": "2025-11-21 03:56:39.867731",
        });
        let Value::Object(row) = row else {
            panic!("a row is an object")
        };
        assert_eq!(SourceKind::recognise(&row), Some(SourceKind::VedoTable));
        let (row, repairs) = VedoTable
            .read(Some("a"), row, &Context::default())
            .unwrap()
            .into_job();
        assert_eq!((row.job.total_shots, row.job.completed_shots), (4, 4));
        assert_eq!(row.job.project_title.as_deref(), Some("t"));
        assert_eq!(
            row.job.result_data.unwrap(),
            json!({"total_shots": 4, "sharpness": null})
        );
        let rules: Vec<_> = repairs.iter().map(|repair| repair.rule).collect();
        assert_eq!(
            rules,
            ["not_a_number_became_null", "result_wins_over_counter"]
        );
    }

    #[test]
    fn json_that_is_text_hides_no_secret() {
        let row = json!({
            "id": "a", "job_type": "idea2video", "status": "failed", "completed_shots": 0,
            "request_data": r#"{"password": 12345678, "webhook_auth": {"user": "opensesame"}}"#,
            "result_data": r#"{"message": "no answer from https://u:opensesame@h/", "error": "token=opensesame"}"#,
            "created_at": "2025-11-21 03:56:30.864216", "updated_at": "2025-11-21 03:56:39.867731",
        });
        let Value::Object(row) = row else {
            panic!("a row is an object")
        };
        let (row, repairs) = VedoTable
            .read(Some("a"), row, &Context::default())
            .unwrap()
            .into_job();
        let debug_text = format!("{:?}", row.job);
        assert!(
            !debug_text.contains("opensesame") && !debug_text.contains("12345678"),
            "{debug_text}"
        );
        let repairs: Vec<_> = repairs
            .iter()
            .map(|repair| (repair.field.as_str(), repair.rule))
            .collect();
        assert_eq!(
            repairs,
            [
                ("request_data", "secret_removed"),
                ("result", "secret_removed")
            ]
        );
    }
}
