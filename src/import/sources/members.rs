//! Members of a record: what several stores ask of them to recognise a record, and its result.

use crate::import::fields::Fields;
use serde_json::{Map, Value};

/// Result of a record whose store may keep only a `video_path`, beside the other fields.
pub fn result_of(fields: &mut Fields) -> Option<Map<String, Value>> {
    let mut result = fields.object("result").unwrap_or_default();
    if let Some(path) = fields.take("video_path") {
        match result.get("video_path") {
            Some(other) if *other != path => fields.legacy.keep("video_path", path),
            Some(_) => {}
            None => drop(result.insert("video_path".into(), path)),
        }
    }
    (!result.is_empty()).then_some(result)
}

/// Names under which a record may tell its own type, which no store may replace.
const TYPES: [&str; 5] = ["type", "job_type", "pipeline_type", "kind", "task_type"];

/// Whether the record tells its own type.
pub fn has_type(record: &Map<String, Value>) -> bool {
    TYPES.iter().any(|name| has(record, name))
}

/// Number of these names that the record has, even with a null.
pub fn count_of(record: &Map<String, Value>, names: &[&str]) -> usize {
    names.iter().filter(|name| knows(record, name)).count()
}

/// Whether the record has a value under the name that is not null.
pub fn has(record: &Map<String, Value>, name: &str) -> bool {
    record.get(name).is_some_and(|v| !v.is_null())
}

/// Whether the record has the name, even with a null.
pub fn knows(record: &Map<String, Value>, name: &str) -> bool {
    record.contains_key(name)
}
