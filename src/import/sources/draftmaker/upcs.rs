//! Outcome of each UPC. The store writes three lists one after the other (the failures, the
//! results, the checkpoints), so that after a crash the later ones lack entries of the earlier
//! ones.

use crate::import::{
    fields::{Fields, whole},
    record::Item,
    sources::items,
    status, times,
};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use entity::ItemStatus;
use serde_json::{Map, Value};
use std::collections::HashMap;

const RESULT: [&str; 4] = ["metadata", "pricing", "images", "draft"];

struct Upc {
    upc: String,
    index: Option<i64>,
    status: ItemStatus,
    at: Option<DateTime<Utc>>,
    result: Map<String, Value>,
}

/// Builds the items in the order of the checkpoints, followed by those that only the other lists
/// have.
pub fn items(fields: &mut Fields, results: Option<Value>) -> Vec<Item> {
    let mut upcs = checkpoints(fields);
    let results = list(fields, "results", results);
    add_results(&mut upcs, results);
    let failed = fields.take("failed_upc_list");
    let failed = list(fields, "failed_upc_list", failed);
    add_failures(&mut upcs, failed);
    upcs.into_iter().map(Upc::into_item).collect()
}

/// Objects of a list. Anything else goes to `context.legacy`.
fn list(fields: &mut Fields, name: &str, value: Option<Value>) -> Vec<Map<String, Value>> {
    items::objects(value.unwrap_or_else(|| Value::Array(Vec::new()))).unwrap_or_else(|other| {
        fields.legacy.repair(name, "wrong_type_kept_aside", other);
        Vec::new()
    })
}

/// Reads the checkpoints. A UPC that was tried again at its position has several there, of which
/// the last one counts.
fn checkpoints(fields: &mut Fields) -> Vec<Upc> {
    let value = fields.take("checkpoints");
    let mut upcs: Vec<_> = list(fields, "checkpoints", value)
        .into_iter()
        .map(|entry| Upc::of(entry, "upc_index"))
        .collect();
    upcs.sort_by_key(|upc| upc.index.unwrap_or(i64::MAX));
    upcs.dedup_by(|later, earlier| {
        let same =
            later.index.is_some() && later.index == earlier.index && later.upc == earlier.upc;
        if same {
            std::mem::swap(later, earlier);
        }
        same
    });
    upcs
}

/// Adds each result to its UPC, although a result has no position. After a recovery only the last
/// session has results, so that the last result of a repeated UPC belongs to its last position.
fn add_results(upcs: &mut Vec<Upc>, results: Vec<Map<String, Value>>) {
    let mut places = HashMap::<String, Vec<usize>>::new();
    for (place, upc) in upcs.iter().enumerate() {
        places.entry(upc.upc.clone()).or_default().push(place);
    }
    let mut more = Vec::new();
    for result in results
        .into_iter()
        .rev()
        .map(|result| Upc::of(result, "index"))
    {
        match places.get_mut(&result.upc).and_then(Vec::pop) {
            Some(place) => upcs[place].result = result.result,
            None => more.push(result),
        }
    }
    upcs.extend(more.into_iter().rev());
}

fn add_failures(upcs: &mut Vec<Upc>, failures: Vec<Map<String, Value>>) {
    let mut places = HashMap::<String, Vec<usize>>::new();
    for (place, upc) in upcs.iter().enumerate() {
        places.entry(upc.upc.clone()).or_default().push(place);
    }
    for failure in failures
        .into_iter()
        .map(|failure| Upc::of(failure, "index"))
    {
        let at = places
            .get(&failure.upc)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let of_its_place = |place: &&usize| {
            failure.index.is_none()
                || upcs[**place].index.is_none()
                || upcs[**place].index == failure.index
        };
        match at.iter().find(of_its_place) {
            Some(place) if upcs[*place].status == ItemStatus::Failed => {
                if let Some(error) = failure.result.get("error") {
                    upcs[*place]
                        .result
                        .entry("error")
                        .or_insert_with(|| error.clone());
                }
            }
            // The UPC failed once, and the more detailed list shows that it did not fail in the
            // end.
            Some(_) => {}
            None => upcs.push(Upc {
                status: ItemStatus::Failed,
                ..failure
            }),
        }
    }
}

impl Upc {
    /// Reads an entry of any of the lists.
    fn of(mut entry: Map<String, Value>, index: &str) -> Self {
        entry.retain(|_, value| !value.is_null());
        let upc = match entry.remove("upc") {
            Some(Value::String(upc)) => upc,
            Some(other) => other.to_string(),
            None => String::new(),
        };
        let time = entry.remove("timestamp");
        Self {
            upc,
            index: entry.remove(index).as_ref().and_then(whole),
            status: status::of_success(entry.remove("success").as_ref()),
            at: time.and_then(|time| times::read(&time, Tz::UTC, None)),
            result: entry,
        }
    }

    fn into_item(self) -> Item {
        let mut members = self.result;
        if let Some(index) = self.index {
            members.insert("index".into(), index.into());
        }
        let ended = matches!(self.status, ItemStatus::Completed | ItemStatus::Failed);
        let item = items::part(self.upc, self.status, members, &["index"], &RESULT);
        Item {
            completed: self.at.filter(|_| ended),
            ..item
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(document: Value) -> Vec<(String, ItemStatus, Option<String>, Option<Value>)> {
        let mut fields = Fields::new(document.as_object().unwrap().clone());
        let results = fields.take("results");
        items(&mut fields, results)
            .into_iter()
            .map(|i| (i.key, i.status, i.error, i.result))
            .collect()
    }

    #[test]
    fn a_result_is_that_of_the_last_place_of_its_upc() {
        let checkpoint = |index: i64, upc: &str, success: bool| json!({"upc_index": index, "upc": upc, "success": success});
        let items = of(json!({
            "checkpoints": [checkpoint(1, "07", true), checkpoint(0, "07", false), checkpoint(2, "08", true)],
            "results": [{"upc": "07", "success": true, "draft": {"sku": 1}}, {"upc": "09", "success": false, "error": "e"}],
            "failed_upc_list": [{"upc": "07", "index": 0, "error": "late"}, {"upc": "10", "index": 4, "error": "f"}],
        }));
        let failed = |key: &str, error: &str| {
            (
                key.to_owned(),
                ItemStatus::Failed,
                Some(error.to_owned()),
                None,
            )
        };
        let done = |key: &str, result: Option<Value>| {
            (key.to_owned(), ItemStatus::Completed, None, result)
        };
        let wanted = [
            failed("07", "late"),
            done("07", Some(json!({"draft": {"sku": 1}}))),
            done("08", None),
            failed("09", "e"),
            failed("10", "f"),
        ];
        assert_eq!(items, wanted);
    }
}
