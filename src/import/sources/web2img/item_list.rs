//! Items of a job, its counters beside them, and its status if they say that it was cancelled.

use crate::import::{
    fields::Fields,
    record::Item,
    reject::{Reason, Reject},
    sources::items,
    status::{self, StatusWords},
};
use entity::{ItemStatus, JobStatus};
use serde_json::{Map, Value};

/// Members of an item that make up its result.
const RESULT: [&str; 4] = ["status", "url", "cached", "result"];

/// Error that the store writes into the items of a cancelled job, which it saves as failed or
/// completed.
const CANCELLED: &str = "Job cancelled";

/// Counters of the answer about a job, which are kept if they differ from the items.
pub fn counted(fields: &mut Fields, items: &[Item]) -> (Option<i64>, Option<i64>) {
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

/// Takes the items of a job.
pub fn listed(fields: &mut Fields, words: &StatusWords) -> Result<Vec<Item>, Reject> {
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
pub fn as_the_items_tell(
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
