//! Converts Firestore documents of the REST API, in which each value names its type, to plain JSON.

use serde_json::{Map, Value};

/// Fields of a document, which a query result may wrap; `None` when it is not a document.
pub fn fields(document: &Map<String, Value>) -> Option<&Map<String, Value>> {
    let document = document
        .get("document")
        .and_then(Value::as_object)
        .unwrap_or(document);
    let path = document.get("name")?.as_str()?;
    path.contains("/documents/")
        .then(|| document.get("fields")?.as_object())?
}

/// Last segment of the document's name.
pub fn id(document: &Map<String, Value>) -> Option<&str> {
    let document = document
        .get("document")
        .and_then(Value::as_object)
        .unwrap_or(document);
    document.get("name")?.as_str()?.rsplit('/').next()
}

pub fn plain(fields: &Map<String, Value>) -> Map<String, Value> {
    fields
        .iter()
        .map(|(name, value)| (name.clone(), plain_value(value)))
        .collect()
}

/// Converts a value; one of an unknown type stays unchanged.
fn plain_value(typed: &Value) -> Value {
    let Some((kind, value)) = typed
        .as_object()
        .filter(|o| o.len() == 1)
        .and_then(|o| o.iter().next())
    else {
        return typed.clone();
    };
    match kind.as_str() {
        "nullValue" => Value::Null,
        "stringValue" | "booleanValue" | "timestampValue" | "referenceValue" | "bytesValue"
        | "geoPointValue" => value.clone(),
        // A JavaScript number cannot hold 64 bits, so that the API writes a string.
        "integerValue" => value
            .as_str()
            .and_then(|text| text.parse::<i64>().ok())
            .map_or_else(|| value.clone(), Value::from),
        // The API writes `NaN` and the infinities as strings.
        "doubleValue" => {
            if value.is_number() {
                value.clone()
            } else {
                Value::Null
            }
        }
        "mapValue" => value
            .get("fields")
            .and_then(Value::as_object)
            .map(plain)
            .unwrap_or_default()
            .into(),
        "arrayValue" => {
            let values = value.get("values").and_then(Value::as_array);
            values
                .map(|values| values.iter().map(plain_value).collect())
                .unwrap_or_else(|| Value::Array(Vec::new()))
        }
        _ => typed.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_type_becomes_its_value() {
        let document = json!({"name": "projects/p/databases/(default)/documents/batch_jobs/b_1", "fields": {
            "s": {"stringValue": "007"}, "i": {"integerValue": "-1"}, "d": {"doubleValue": 1.5},
            "n": {"nullValue": null}, "t": {"timestampValue": "2025-08-26T11:16:22.747663Z"},
            "m": {"mapValue": {"fields": {"b": {"booleanValue": true}}}}, "e": {"mapValue": {}},
            "a": {"arrayValue": {"values": [{"integerValue": "2"}]}}, "l": {"arrayValue": {}}, "nan": {"doubleValue": "NaN"},
        }});
        let wanted = json!({
            "s": "007", "i": -1, "d": 1.5, "n": null, "t": "2025-08-26T11:16:22.747663Z", "m": {"b": true}, "e": {},
            "a": [2], "l": [], "nan": null,
        });
        let document = document.as_object().unwrap();
        assert_eq!(Value::Object(plain(fields(document).unwrap())), wanted);
        assert_eq!(id(document), Some("b_1"));
    }
}
