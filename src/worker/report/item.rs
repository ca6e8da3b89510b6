//! The item of a report: its key or its number, its status, its result and its error.

use super::value::{short, whole, without_nul};
use callsheet_client::{
    ItemStatus::{self, Completed, Failed, Pending, Processing, Skipped},
    lease::ItemReport,
};
use serde_json::Value;

/// Maximum characters of an item's key.
const MAX_KEY_CHARS: usize = 255;

/// Words for the state of an item, and the status that each means.
const STATUSES: [(&str, ItemStatus); 24] = [
    ("pending", Pending),
    ("queued", Pending),
    ("waiting", Pending),
    ("processing", Processing),
    ("running", Processing),
    ("in_progress", Processing),
    ("started", Processing),
    ("generating", Processing),
    ("generating_frames", Processing),
    ("generating_video", Processing),
    ("completed", Completed),
    ("complete", Completed),
    ("done", Completed),
    ("finished", Completed),
    ("succeeded", Completed),
    ("success", Completed),
    ("ok", Completed),
    ("failed", Failed),
    ("failure", Failed),
    ("error", Failed),
    ("errored", Failed),
    ("skipped", Skipped),
    ("cancelled", Skipped),
    ("canceled", Skipped),
];

/// Returns the item, and a sentence about the members that an item does not have.
pub fn of_item(value: Value) -> Result<(ItemReport, Option<String>), String> {
    let Value::Object(mut members) = value else {
        return Err(format!(
            "an item is an object with a key and a status, not {}",
            short(&value)
        ));
    };
    let mut given = |name: &str| members.remove(name).filter(|value| !value.is_null());
    let (key, idx) = (given("key"), given("idx"));
    if key.is_none() && idx.is_none() {
        return Err("an item needs a key or an idx".to_owned());
    }
    let item = ItemReport {
        key: key.map(item_key).transpose()?,
        idx: idx.map(|idx| whole("an item's idx", &idx)).transpose()?,
        status: item_status(given("status"))?,
        result: given("result").map(without_nul),
        error: given("error").map(as_text),
    };
    let others: Vec<_> = members.keys().map(String::as_str).collect();
    let left_out = (!others.is_empty()).then(|| {
        format!(
            "an item has no member {}: put it into the item's result",
            others.join(", ")
        )
    });
    Ok((item, left_out))
}

fn item_key(value: Value) -> Result<String, String> {
    let key = match &value {
        Value::String(key) => key.clone(),
        Value::Number(key) => key.to_string(),
        _ => return Err(format!("an item's key is a text, not {}", short(&value))),
    };
    let length = key.chars().count();
    if (1..=MAX_KEY_CHARS).contains(&length) && !key.chars().any(char::is_control) {
        Ok(key)
    } else {
        Err(format!(
            "an item's key has 1 to {MAX_KEY_CHARS} visible characters, and this one is {}",
            short(&value)
        ))
    }
}

fn item_status(value: Option<Value>) -> Result<ItemStatus, String> {
    let Some(value) = value else {
        return Err("an item needs a status".to_owned());
    };
    let word = value.as_str().unwrap_or_default().trim();
    let word = word.replace([' ', '-'], "_");
    STATUSES
        .iter()
        .find(|(synonym, _)| word.eq_ignore_ascii_case(synonym))
        .map(|(_, status)| *status)
        .ok_or_else(|| {
            format!(
                "an item's status is one of pending, processing, completed, failed and skipped, \
                not {}",
                short(&value)
            )
        })
}

fn as_text(value: Value) -> String {
    match without_nul(value) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
