//! Converts a part of a record to an item: the description of the work goes to the input, its
//! products go to the result.

use crate::import::record::Item;
use entity::ItemStatus;
use serde_json::{Map, Value};

/// Builds an item. Members in neither list go to the input's `legacy`; `error` becomes the item's
/// error.
pub fn part(
    key: String,
    status: ItemStatus,
    mut members: Map<String, Value>,
    input: &[&str],
    result: &[&str],
) -> Item {
    members.retain(|_, value| !value.is_null());
    let error = members.remove("error").map(|error| match error {
        Value::String(text) => text,
        other => other.to_string(),
    });
    let result = pick(&mut members, result);
    let mut input = pick(&mut members, input);
    if !members.is_empty() {
        input.insert("legacy".into(), Value::Object(members));
    }
    let filled =
        |members: Map<String, Value>| (!members.is_empty()).then_some(Value::Object(members));
    Item {
        key,
        status,
        input: filled(input),
        result: filled(result),
        error: error.filter(|error| !error.is_empty()),
        completed: None,
    }
}

fn pick(members: &mut Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    names
        .iter()
        .filter_map(|name| members.remove_entry(*name))
        .collect()
}

/// Returns the objects of a list, or the value unchanged if it is anything else.
pub fn objects(list: Value) -> Result<Vec<Map<String, Value>>, Value> {
    match list {
        Value::Array(values) if values.iter().all(Value::is_object) => {
            let object = |value| {
                if let Value::Object(members) = value {
                    Some(members)
                } else {
                    None
                }
            };
            Ok(values.into_iter().filter_map(object).collect())
        }
        other => Err(other),
    }
}
