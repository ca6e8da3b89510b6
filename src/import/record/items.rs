//! Items of a record, and their rows.

use super::super::{legacy::Legacy, text::fit, times::Times};
use chrono::{DateTime, Utc};
use entity::{ItemStatus, job_item};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// Maximum characters of an item's key.
const MAX_KEY_CHARS: usize = 255;

/// Meaning of a store's items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemScope {
    /// All parts of the job, from the start.
    All,
    /// Parts that were worked on so far; the job may have more.
    SoFar,
    /// Products of the job, from which its progress does not follow.
    Outputs,
}

pub struct Item {
    /// Key of the item in the store, which may repeat: two scenes number their shots alike.
    pub key: String,
    pub status: ItemStatus,
    pub input: Option<Value>,
    pub result: Option<Value>,
    pub error: Option<String>,
    pub completed: Option<DateTime<Utc>>,
}

/// Key of an item, cut to [`MAX_KEY_CHARS`] characters. A long key is kept under the item's number,
/// since several items may have one.
fn key(idx: i32, key: String, kept: &mut Legacy) -> String {
    if key.len() <= MAX_KEY_CHARS {
        return key;
    }
    fit(Some(key), &format!("items[{idx}].key"), MAX_KEY_CHARS, kept).unwrap_or_default()
}

/// Numbers the later items of a key that occurs more than once, as `0`, `0.2`, `0.3`: a worker that
/// reports by key must find one item. The order in the record decides, so that the keys are the
/// same in every import.
fn number_repeated(items: &mut [Item], kept: &mut Legacy) {
    let mut seen = HashSet::with_capacity(items.len());
    if items.iter().all(|item| seen.insert(item.key.as_str())) {
        return;
    }
    let mut taken: HashSet<String> = seen.into_iter().map(str::to_owned).collect();
    taken.extend(items.iter().map(|item| item.key.clone()));
    let mut counts = HashMap::<String, u32>::new();
    for item in items {
        let count = counts.entry(item.key.clone()).or_default();
        *count += 1;
        while *count > 1 {
            let ending = format!(".{count}");
            let start = MAX_KEY_CHARS - ending.len();
            let key: String = item.key.chars().take(start).chain(ending.chars()).collect();
            if taken.insert(key.clone()) {
                item.key = key;
                break;
            }
            *count += 1;
        }
    }
    kept.repaired("items", "repeated_key_numbered");
}

/// Returns the rows of the items, in their order.
pub fn rows(
    job_id: &str,
    mut items: Vec<Item>,
    times: &Times,
    kept: &mut Legacy,
) -> Vec<job_item::Model> {
    for (idx, item) in (0..).zip(&mut items) {
        item.key = key(idx, std::mem::take(&mut item.key), kept);
    }
    number_repeated(&mut items, kept);
    let row = |(idx, item): (i32, Item)| job_item::Model {
        job_id: job_id.to_owned(),
        idx,
        key: item.key,
        status: item.status,
        input: item.input,
        result: item.result,
        error: item.error,
        attempt: 0,
        created_at: times.created,
        updated_at: times.updated,
        started_at: None,
        completed_at: item.completed,
    };
    (0..).zip(items).map(row).collect()
}
