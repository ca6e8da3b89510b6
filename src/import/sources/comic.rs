//! comic: jobs over files, with one result per file, in one shape for its SQLite files, Redis
//! (JSON) and PostgreSQL. Times are seconds since 1970. The store kept neither the kind of a job
//! nor the list of its files, and its progress is that of the results.

use super::{Context, Source, SourceKind, has_type, items, knows};
use crate::{
    db::write::ActiveJob,
    import::{
        fields::Fields,
        names, progress,
        record::{Item, ItemScope, Record},
        reject::{Reason, Reject},
        repair, secrets, status,
        times::{self, Zone},
    },
};
use entity::{ItemStatus, JobStatus};
use serde_json::{Map, Value};

pub struct Comic;

/// Id of the store's only client, which has no name there.
const CLIENT: &str = "comic";
/// Prefix of a job's key in Redis.
const REDIS: &str = "comicmaintainer:job:";

impl Source for Comic {
    fn name(&self) -> &'static str {
        "comic"
    }

    fn fields(&self) -> &'static [&'static str] {
        &[
            "job_id",
            "status",
            "total_items",
            "processed_items",
            "progress",
            "error",
            "created_at",
            "started_at",
            "completed_at",
            "results",
        ]
    }

    fn recognises(&self, record: &Map<String, Value>) -> bool {
        // Any program may count its items, but this one has no type, and its times are numbers.
        let numbers = ["created_at", "started_at"]
            .iter()
            .any(|name| record.get(*name).is_some_and(Value::is_number));
        knows(record, "total_items")
            && knows(record, "processed_items")
            && !knows(record, "successful_items")
            && !has_type(record)
            && (numbers || names_files(record.get("results")))
    }

    fn read(
        &self,
        key: Option<&str>,
        record: Map<String, Value>,
        context: &Context,
    ) -> Result<Record, Reject> {
        let mut fields = Fields::new(record);
        let id = names::take_id(
            &mut fields,
            key.map(|key| key.strip_prefix(REDIS).unwrap_or(key)),
        )?;
        let status = status::take(&mut fields, &context.words)?;
        last_change(&mut fields);
        let times = times::take(&mut fields, Zone::Utc)?;
        let items = results(&mut fields)?;
        let said = progress::take(&mut fields, progress::Scale::Fraction);
        let total = fields.whole("total_items");
        let progress = match items.as_slice() {
            // The store's own number exceeds 1 when a file was reported twice.
            [] => done_of(&fields, total).or(said),
            _ => {
                fields.recount("processed_items", items.len());
                None
            }
        };
        let active = fields.object("active_job").map(|active| ActiveJob {
            client_id: CLIENT.to_owned(),
            title: active
                .get("job_title")
                .and_then(Value::as_str)
                .map(str::to_owned),
        });
        let status = as_the_results_tell(status, &items, &mut fields);
        Ok(Record {
            progress,
            error: fields.words("error"),
            total_shots: total,
            items,
            listed: ItemScope::SoFar,
            active,
            legacy: fields.finish(),
            ..Record::bare(SourceKind::Comic, id, status, times)
        })
    }
}

/// Whether the results have the form of this store: each names its file and its success.
fn names_files(results: Option<&Value>) -> bool {
    let list = results.and_then(Value::as_array);
    let first = list
        .and_then(|list| list.first())
        .and_then(Value::as_object);
    first.is_some_and(|first| knows(first, "item") && knows(first, "success"))
}

/// Adds the `updated_at` that the store does not have: its latest time is that of the last change.
fn last_change(fields: &mut Fields) {
    let last = ["completed_at", "started_at", "created_at"]
        .iter()
        .find_map(|name| fields.look(name).cloned());
    if let Some(last) = last {
        fields.give("updated_at", last);
    }
}

/// Progress by the counters of a job that has them.
fn done_of(fields: &Fields, total: Option<i64>) -> Option<f64> {
    share(fields.look("processed_items")?.as_f64()?, total? as f64)
}

/// Progress in percent. Without results, the number of successes is unknown, but not that of the
/// files done.
fn share(done: f64, total: f64) -> Option<f64> {
    (total > 0.0 && done >= 0.0).then(|| (done / total * 100.0).min(100.0))
}

fn results(fields: &mut Fields) -> Result<Vec<Item>, Reject> {
    let Some(results) = fields.json("results") else {
        return Ok(Vec::new());
    };
    let results = items::objects(results).map_err(|_| {
        Reject::new(
            Reason::WrongType,
            "The results of the record are not a list of objects.",
        )
    })?;
    let read = |(position, mut result)| {
        read_details(&mut result, fields);
        part(position, result)
    };
    Ok(results.into_iter().enumerate().map(read).collect())
}

/// Parses the details of a result, which are JSON in a string.
fn read_details(result: &mut Map<String, Value>, fields: &mut Fields) {
    if let Some(Value::String(text)) = result.get("details")
        && let Ok(repair::Read {
            value: mut details @ Value::Object(_),
            rules,
            too_deep: false,
            ..
        }) = repair::read(text.as_bytes())
        && rules.is_empty()
    {
        if secrets::remove_from("details", &mut details) {
            fields.legacy.repaired("results", "secret_removed");
        }
        result.insert("details".into(), details);
    }
}

fn part(position: usize, mut result: Map<String, Value>) -> Item {
    let key = match result.remove("item") {
        Some(Value::String(item)) => item,
        _ => position.to_string(),
    };
    let status = status::of_success(result.remove("success").as_ref());
    items::part(key, status, result, &[], &["details"])
}

/// Corrects the status of a completed job: the store calls a job completed even if all its files
/// failed.
fn as_the_results_tell(
    status: (JobStatus, String),
    items: &[Item],
    fields: &mut Fields,
) -> (JobStatus, String) {
    let all_failed =
        !items.is_empty() && items.iter().all(|item| item.status == ItemStatus::Failed);
    if status.0 == JobStatus::Completed && all_failed {
        fields
            .legacy
            .repaired("status", "failed_as_all_its_items_did");
        return (JobStatus::Failed, status.1);
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(changed: Value) -> Record {
        let mut record = json!({
            "job_id": "a", "status": "COMPLETED", "total_items": 2, "processed_items": 1, "created_at": 1761670991.0,
            "started_at": 1761670992.5, "completed_at": null, "error": null,
        });
        for (name, value) in changed.as_object().unwrap() {
            record[name] = value.clone();
        }
        let Value::Object(record) = record else {
            panic!("a record is an object")
        };
        assert_eq!(SourceKind::recognise(&record), Some(SourceKind::Comic));
        Comic
            .read(Some("comicmaintainer:job:a"), record, &Context::default())
            .unwrap()
    }

    #[test]
    fn a_job_of_which_every_file_failed_is_failed() {
        let failed = json!({"item": "x.cbz", "success": 0, "error": "boom", "details": null});
        let record = read(json!({"results": [failed]}));
        assert_eq!(
            (record.status, record.source_status.as_str()),
            (JobStatus::Failed, "COMPLETED")
        );
        assert_eq!(record.items[0].error.as_deref(), Some("boom"));
        assert_eq!(record.times.updated.timestamp_millis(), 1761670992500);
    }

    #[test]
    fn results_may_be_json_in_a_text_and_may_be_gone() {
        let record = read(
            json!({"results": r#"[{"item": "x", "success": true, "details": {"final": "/x"}}]"#}),
        );
        assert_eq!((record.items.len(), record.progress), (1, None));
        let (row, repairs) = record.into_job();
        assert_eq!(
            (row.job.total_shots, row.job.completed_shots, repairs.len()),
            (2, 1, 0)
        );
        let record = read(json!({"status": "processing"}));
        assert_eq!((record.progress, record.total_shots), (Some(50.0), Some(2)));
    }
}
