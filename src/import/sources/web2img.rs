//! web2img: one JSON file per job. Times are seconds since 1970; the job's configuration contains
//! secrets; progress is that of the items, whose input the store never wrote.

use super::{Context, Source, SourceKind, items, knows};
use crate::import::{
    fields::Fields,
    names,
    record::{Item, Record},
    reject::{Reason, Reject},
    status, times,
};
use chrono_tz::Tz;
use entity::{ItemStatus, JobStatus};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

pub struct Web2img;

const RESULT: [&str; 4] = ["status", "url", "cached", "result"];
/// Priorities of the store and of Callsheet, where 0 is the default.
const PRIORITIES: [(&str, i16); 3] = [("high", 10), ("normal", 0), ("low", -10)];
/// Error that the store writes into the items of a cancelled job, which it saves as failed or
/// completed.
const CANCELLED: &str = "Job cancelled";

impl Source for Web2img {
    fn name(&self) -> &'static str {
        "web2img"
    }

    fn fields(&self) -> &'static [&'static str] {
        &[
            "job_id",
            "items",
            "config",
            "status",
            "created_at",
            "updated_at",
            "completed_at",
            "total_processing_time",
            "start_time",
            "priority",
            "scheduled_time",
            "recurrence_pattern",
            "recurrence_interval",
            "recurrence_count",
            "recurrence_cron",
            "next_scheduled_time",
            "parent_job_id",
        ]
    }

    fn recognises(&self, record: &Map<String, Value>) -> bool {
        let own = ["config", "start_time", "recurrence_pattern"]
            .iter()
            .any(|name| knows(record, name));
        record.get("items").is_some_and(Value::is_object) && own
    }

    /// Adds `user_id`, which is the API key of the request.
    fn secrets(&self) -> &'static [&'static str] {
        &["user_id"]
    }

    /// Converts the items, an object by id, to a list in the order of the text.
    fn arrange(&self, record: &mut Map<String, Value>, raw: &[u8]) {
        let Some(Value::Object(items)) = record.get_mut("items") else {
            return;
        };
        let Ok(order) = serde_json::from_slice::<Order>(raw) else {
            return;
        };
        let item = |id: String| {
            let mut item = items.remove(&id)?;
            if let Value::Object(members) = &mut item {
                members.entry("id").or_insert(id.into());
            }
            Some(item)
        };
        let listed = order.items.0.into_iter().filter_map(item).collect();
        record.insert("items".into(), listed);
    }

    fn read(
        &self,
        key: Option<&str>,
        record: Map<String, Value>,
        _: &Context,
    ) -> Result<Record, Reject> {
        let mut fields = Fields::new(record);
        let id = names::take_id(&mut fields, key)?;
        let status = status::of_job(fields.take("status"))?;
        fields.rename("start_time", "started_at");
        let times = times::take(&mut fields, Tz::UTC)?;
        let items = listed(&mut fields)?;
        let run_at = fields
            .look("scheduled_time")
            .and_then(|time| times::read(time, Tz::UTC, None));
        let priority = fields.text("priority").and_then(|word| {
            let known = PRIORITIES.iter().find(|(name, _)| *name == word);
            known
                .map(|(_, priority)| *priority)
                .or_else(|| fields.keep_odd("priority", &word))
        });
        let status = as_the_items_tell(status, &items, &mut fields);
        Ok(Record {
            request_data: fields.object("config").filter(|config| !config.is_empty()),
            priority: priority.unwrap_or(0),
            run_at: run_at.filter(|_| status.0 == JobStatus::Queued),
            items,
            legacy: fields.finish(),
            ..Record::bare(SourceKind::Web2img, id, status, times)
        })
    }
}

fn listed(fields: &mut Fields) -> Result<Vec<Item>, Reject> {
    let Some(items) = fields.take("items") else {
        return Ok(Vec::new());
    };
    let items = items::objects(items).map_err(|_| {
        Reject::new(
            Reason::WrongType,
            "The items of the record are not a list of objects.",
        )
    })?;
    Ok(items
        .into_iter()
        .enumerate()
        .map(|(position, item)| part(position, item))
        .collect())
}

fn part(position: usize, mut item: Map<String, Value>) -> Item {
    let key = match item.remove("id") {
        Some(Value::String(id)) => id,
        Some(other) if !other.is_null() => other.to_string(),
        _ => position.to_string(),
    };
    let status = status::of_item(item.get("status").and_then(Value::as_str));
    items::part(key, status, item, &[], &RESULT)
}

/// Corrects the status of a job that has ended and whose items say that it was cancelled.
fn as_the_items_tell(
    status: (JobStatus, String),
    items: &[Item],
    fields: &mut Fields,
) -> (JobStatus, String) {
    let ended = matches!(status.0, JobStatus::Completed | JobStatus::Failed);
    let cancelled =
        |item: &Item| item.status == ItemStatus::Failed && item.error.as_deref() == Some(CANCELLED);
    if ended && items.iter().any(cancelled) {
        fields
            .legacy
            .repaired("status", "cancelled_as_its_items_tell");
        return (JobStatus::Cancelled, status.1);
    }
    status
}

/// Ids of the items in the order of the text, which the parsed object does not keep.
#[derive(serde::Deserialize)]
struct Order {
    items: Names,
}

struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object by id")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some((name, _)) = members.next_entry::<String, IgnoredAny>()? {
                    names.push(name);
                }
                Ok(Names(names))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Record {
        let Ok(Value::Object(mut record)) = serde_json::from_str(text) else {
            panic!("a record is an object")
        };
        assert_eq!(SourceKind::recognise(&record), Some(SourceKind::Web2img));
        Web2img.arrange(&mut record, text.as_bytes());
        Web2img.read(None, record, &Context::default()).unwrap()
    }

    #[test]
    fn items_stay_in_the_order_of_the_file_and_the_last_of_an_id_counts() {
        let record = read(
            r#"{"job_id": "b", "config": {}, "status": "failed", "created_at": 1751667831.5, "updated_at": 1751667843,
                "items": {"z": {"status": "pending"}, "a": {"id": "a", "status": "error", "error": "e"}, "z": {"status": "success", "url": "u"}}}"#,
        );
        let items: Vec<_> = record
            .items
            .iter()
            .map(|item| (item.key.as_str(), item.status))
            .collect();
        assert_eq!(
            items,
            [("z", ItemStatus::Completed), ("a", ItemStatus::Failed)]
        );
        assert_eq!(record.status, JobStatus::Failed);
    }

    #[test]
    fn a_cancelled_job_is_told_by_its_items_and_a_scheduled_one_waits() {
        let record = read(
            r#"{"job_id": "b", "config": {}, "status": "completed_with_errors", "created_at": 1, "updated_at": 2,
                "items": {"a": {"status": "error", "error": "Job cancelled"}}}"#,
        );
        assert_eq!(
            (record.status, record.source_status.as_str()),
            (JobStatus::Cancelled, "completed_with_errors")
        );
        let record = read(
            r#"{"job_id": "b", "config": {}, "status": "scheduled", "created_at": 1, "updated_at": 2, "items": {},
                "priority": "low", "scheduled_time": 1751781600.0}"#,
        );
        assert_eq!((record.status, record.priority), (JobStatus::Queued, -10));
        assert_eq!(record.run_at.map(|at| at.timestamp()), Some(1751781600));
    }
}
