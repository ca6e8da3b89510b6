//! Conversion of the document to OpenAPI 3.0.3.

use serde_json::{Map, Value, json};

/// Rewrites the parts in which 3.0 differs from 3.1: nullable types and examples of schemas.
pub fn to_3_0(value: &mut Value) {
    match value {
        Value::Object(members) => {
            null_to_nullable(members);
            members.remove("propertyNames");
            // Only examples of a schema are a list; those of a media type are an object in both
            // versions.
            if let Some(first) = members.get("examples").and_then(|e| e.get(0)).cloned() {
                members.remove("examples");
                members.insert("example".to_owned(), first);
            }
            members.values_mut().for_each(to_3_0);
        }
        Value::Array(values) => values.iter_mut().for_each(to_3_0),
        _ => {}
    }
}

fn null_to_nullable(members: &mut Map<String, Value>) {
    let Some(Value::Array(types)) = members.get("type") else {
        return;
    };
    if let [kind, Value::String(null)] = types.as_slice()
        && null == "null"
    {
        let kind = kind.clone();
        members.insert("type".to_owned(), kind);
        members.insert("nullable".to_owned(), json!(true));
    }
}
