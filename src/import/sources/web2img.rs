//! web2img: one JSON file per job. Times are seconds since 1970; the job's configuration contains
//! secrets; progress is that of the items, whose input the store never wrote.

mod recurrence;
mod shape;

use super::{Context, Source, SourceKind, items};
use crate::{
    import::{
        fields::Fields,
        names,
        record::{Item, Record},
        reject::{Reason, Reject},
        status::{self, StatusWords},
        times::{self, Zone},
    },
    lifecycle::is_terminal,
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
        shape::is_record(record) || shape::is_answer(record)
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
        context: &Context,
    ) -> Result<Record, Reject> {
        let mut fields = Fields::new(record);
        // The answer with the results of a job calls its items so, and has no time.
        if fields.look("items").is_none() {
            fields.rename("results", "items");
            give_time(&mut fields, context);
        }
        let id = names::take_id(&mut fields, key)?;
        let status = status::take(&mut fields, &context.words)?;
        fields.rename("start_time", "started_at");
        let times = times::take(&mut fields, Zone::Utc)?;
        let items = listed(&mut fields, &context.words)?;
        let (total, completed) = counted(&mut fields, &items);
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
        let config = fields.object("config").filter(|config| !config.is_empty());
        // When a job ends, web2img makes another one, in a file of its own, with the recurrence.
        let schedule = (!is_terminal(status.0))
            .then(|| {
                let (config, created) = (config.as_ref(), times.created);
                let priority = priority.unwrap_or(0);
                recurrence::schedule_of(&fields, &id, config, priority, created)
            })
            .flatten();
        Ok(Record {
            request_data: config,
            schedule: schedule.map(Box::new),
            priority: priority.unwrap_or(0),
            run_at: run_at.filter(|_| status.0 == JobStatus::Queued),
            progress: total
                .filter(|total| items.is_empty() && *total > 0)
                .map(|total| completed.unwrap_or(0) as f64 / total as f64 * 100.0)
                .map(|progress| progress.clamp(0.0, 100.0)),
            total_shots: total.filter(|_| items.is_empty()),
            completed_shots: completed.filter(|_| items.is_empty()),
            items,
            legacy: fields.finish(),
            ..Record::bare(SourceKind::Web2img, id, status, times)
        })
    }
}

/// Counters of the answer about a job, which are kept if they differ from the items.
fn counted(fields: &mut Fields, items: &[Item]) -> (Option<i64>, Option<i64>) {
    let is_answer = ["total", "completed", "succeeded"]
        .iter()
        .any(|name| fields.look(name).is_some_and(Value::is_number));
    if !is_answer {
        return (None, None);
    }
    if items.is_empty() {
        fields.rename("succeeded", "completed");
        return (fields.whole("total"), fields.whole("completed"));
    }
    let of = |status: ItemStatus| items.iter().filter(|item| item.status == status).count();
    fields.recount("total", items.len());
    fields.recount("completed", of(ItemStatus::Completed));
    fields.recount("succeeded", of(ItemStatus::Completed));
    fields.recount("failed", of(ItemStatus::Failed));
    (None, None)
}

/// Gives a record without any time that of its file.
fn give_time(fields: &mut Fields, context: &Context) {
    let times = ["created_at", "updated_at", "start_time", "completed_at"];
    if times.iter().any(|name| fields.look(name).is_some()) {
        return;
    }
    if let Some(time) = context.file_time() {
        fields.give("updated_at", time.to_rfc3339().into());
        fields
            .legacy
            .repaired("updated_at", "time_taken_from_the_file");
    }
}

fn listed(fields: &mut Fields, words: &StatusWords) -> Result<Vec<Item>, Reject> {
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
        .map(|(position, item)| part(position, item, words, fields))
        .collect())
}

fn part(
    position: usize,
    mut item: Map<String, Value>,
    words: &StatusWords,
    fields: &mut Fields,
) -> Item {
    let key = match item.remove("id") {
        Some(Value::String(id)) => id,
        Some(other) if !other.is_null() => other.to_string(),
        _ => position.to_string(),
    };
    let status = status::of_item(item.get("status"), words, &mut fields.legacy);
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

    #[test]
    fn a_recurrence_becomes_a_paused_schedule_unless_the_job_has_ended() {
        let of = |status: &str, recurrence: &str| {
            let record = read(&format!(
                r#"{{"job_id": "batch-1A", "config": {{"cache": true}}, "status": "{status}",
                    "created_at": 1751662211.2, "updated_at": 1751662211.2, "items": {{}},
                    "scheduled_time": 1751781600.0, "next_scheduled_time": 1752386400.0,
                    {recurrence}}}"#
            ));
            record.schedule
        };
        let weekly = r#""recurrence_pattern": "weekly", "recurrence_count": 3"#;
        let schedule = of("scheduled", weekly).unwrap();
        assert_eq!((&*schedule.id, &*schedule.expr), ("batch-1a", "1w"));
        assert!(schedule.paused_at.is_some() && schedule.next_at.is_none());
        let at = |time: Option<chrono::DateTime<chrono::Utc>>| time.map(|time| time.timestamp());
        // The job itself is the first of three.
        let week = 7 * 86_400;
        assert_eq!(
            (at(schedule.starts_at), at(schedule.ends_at)),
            (Some(1_752_386_400), Some(1_752_386_400 + week))
        );
        assert_eq!(
            schedule.template,
            serde_json::json!({
                "job_type": "web2img", "request_data": {"cache": true}, "priority": 0
            })
        );
        assert_eq!(of("completed", weekly), None);
        let expr = |recurrence: &str| of("pending", recurrence).map(|schedule| schedule.expr);
        for (recurrence, expected) in [
            (
                r#""recurrence_pattern": "hourly", "recurrence_interval": 6"#,
                Some("6h"),
            ),
            (
                r#""recurrence_pattern": "daily", "recurrence_interval": 2"#,
                Some("2d"),
            ),
            (r#""recurrence_pattern": "monthly""#, Some("0 6 13 * *")),
            (
                r#""recurrence_pattern": "monthly", "recurrence_interval": 3"#,
                Some("0 6 13 1,4,7,10 *"),
            ),
            (
                r#""recurrence_pattern": "monthly", "recurrence_interval": 5"#,
                None,
            ),
            (
                r#""recurrence_pattern": "custom", "recurrence_cron": "0 9 * * 1-5""#,
                Some("0 9 * * 1-5"),
            ),
            (
                r#""recurrence_pattern": "custom", "recurrence_cron": "sometimes""#,
                None,
            ),
            (r#""recurrence_pattern": "none""#, None),
            (
                r#""recurrence_pattern": "weekly", "recurrence_count": 1"#,
                None,
            ),
        ] {
            assert_eq!(expr(recurrence).as_deref(), expected, "{recurrence}");
        }
    }
}
