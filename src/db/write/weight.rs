//! About how many bytes values take in memory while a write holds them: what waits is bounded by them.

use serde_json::{Map, Value};

pub fn weight_of(json: &Value) -> usize {
    let inside = match json {
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().map(weight_of).sum(),
        Value::Object(members) => weight_of_members(members),
        _ => 0,
    };
    size_of::<Value>() + inside
}

pub fn weight_of_members(members: &Map<String, Value>) -> usize {
    members.iter().map(|(name, value)| 64 + name.len() + weight_of(value)).sum()
}
