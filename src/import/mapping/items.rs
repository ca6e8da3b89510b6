//! Items of a record that a map describes: a list of objects or texts, or an object by key.

use super::super::{
    fields::Fields,
    names::id_text,
    record::Item,
    reject::{Reason, Reject},
    status::{self, StatusWords},
};
use entity::ItemStatus;
use serde_json::{Map, Value};

/// Members of which the first one that an item has is its key.
const KEYS: [&str; 8] = [
    "key", "id", "shot_idx", "idx", "index", "name", "filename", "file",
];

/// Members that say what was made of an item.
const MADE: [&str; 6] = ["status", "result", "url", "video_path", "output", "path"];

pub fn items(fields: &mut Fields, words: &StatusWords) -> Result<Vec<Item>, Reject> {
    let keyed: Vec<(Option<String>, Value)> = match fields.json("items") {
        None => return Ok(Vec::new()),
        Some(Value::Array(items)) => items.into_iter().map(|item| (None, item)).collect(),
        Some(Value::Object(items)) => items
            .into_iter()
            .map(|(key, item)| (Some(key), item))
            .collect(),
        Some(_) => {
            let detail = "The items of the record are neither a list nor an object by key.";
            return Err(Reject::new(Reason::WrongType, detail));
        }
    };
    let read = |(position, (key, item)): (usize, (Option<String>, Value))| match item {
        Value::Object(item) => of_object(position, key, item, words, fields),
        other => of_value(position, key, other),
    };
    Ok(keyed.into_iter().enumerate().map(read).collect())
}

fn of_object(
    position: usize,
    key: Option<String>,
    mut item: Map<String, Value>,
    words: &StatusWords,
    fields: &mut Fields,
) -> Item {
    let status = status::of_item(item.get("status"), words, &mut fields.legacy);
    item.retain(|_, value| !value.is_null());
    let own = || KEYS.iter().find_map(|name| id_text(item.get(*name)?));
    let key = key.or_else(own).unwrap_or_else(|| position.to_string());
    let error = item.remove("error").map(|error| match error {
        Value::String(text) => text,
        other => other.to_string(),
    });
    let made: Map<_, _> = MADE
        .iter()
        .filter_map(|name| item.remove_entry(*name))
        .collect();
    let filled =
        |members: Map<String, Value>| (!members.is_empty()).then_some(Value::Object(members));
    Item {
        key,
        status,
        input: filled(item),
        result: filled(made),
        error: error.filter(|error| !error.is_empty()),
        completed: None,
    }
}

fn of_value(position: usize, key: Option<String>, value: Value) -> Item {
    let key = key.or_else(|| id_text(&value));
    Item {
        key: key.unwrap_or_else(|| position.to_string()),
        status: ItemStatus::Pending,
        input: (!value.is_null()).then(|| serde_json::json!({"value": value})),
        result: None,
        error: None,
        completed: None,
    }
}
