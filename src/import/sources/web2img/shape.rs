//! Shapes by which a record of web2img is recognised: the file of a job, and the two answers of its
//! API about a job.

use super::super::{count_of, has, has_type, knows};
use serde_json::{Map, Value};

/// Names that only a file of this store has.
const OWN: [&str; 6] = [
    "start_time",
    "total_processing_time",
    "recurrence_pattern",
    "recurrence_count",
    "next_scheduled_time",
    "parent_job_id",
];

/// All members of an item.
const ITEM: [&str; 6] = ["id", "status", "url", "error", "cached", "result"];

/// Whether the record is the file of a job: it has items, and names of this store or items of its
/// form with a status.
pub fn is_record(record: &Map<String, Value>) -> bool {
    if has_type(record) {
        return false;
    }
    let Some(items @ (Value::Object(_) | Value::Array(_))) = record.get("items") else {
        return false;
    };
    let configured = knows(record, "config") && are_objects(items);
    count_of(record, &OWN) > 0 || configured || (has(record, "status") && are_items(items))
}

/// Whether the record is the answer about a job, or that with its results.
pub fn is_answer(record: &Map<String, Value>) -> bool {
    if has_type(record) || knows(record, "items") || !has(record, "status") {
        return false;
    }
    let planned = [
        "priority",
        "recurrence",
        "next_scheduled_time",
        "estimated_completion",
    ];
    let about =
        count_of(record, &["total", "completed", "failed"]) == 3 && count_of(record, &planned) > 0;
    let ended = count_of(record, &["total", "succeeded", "processing_time"]) > 1;
    about || (ended && record.get("results").is_some_and(are_items))
}

/// Whether all values are objects, in a list or by id.
fn are_objects(items: &Value) -> bool {
    match items {
        Value::Object(items) => items.values().all(Value::is_object),
        Value::Array(items) => items.iter().all(Value::is_object),
        _ => false,
    }
}

/// Whether these are items of this store's form, in a list or by id, one at least.
fn are_items(items: &Value) -> bool {
    let form = |item: &Value| {
        item.as_object().is_some_and(|item| {
            has(item, "status") && item.keys().all(|name| ITEM.contains(&name.as_str()))
        })
    };
    let all = |mut items: Box<dyn Iterator<Item = &Value> + '_>| {
        let first = items.next();
        first.is_some_and(form) && items.all(form)
    };
    match items {
        Value::Object(items) => all(Box::new(items.values())),
        Value::Array(items) => all(Box::new(items.iter())),
        _ => false,
    }
}
