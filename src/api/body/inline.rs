//! Schemas rewritten for a validator: references, keywords, annotations.

use serde_json::Value;

/// Returns the schema that a reference points to.
pub fn resolved<'a>(schema: &'a Value, schemas: &'a Value) -> &'a Value {
    let name = schema["$ref"]
        .as_str()
        .and_then(|name| name.rsplit('/').next());
    name.map_or(schema, |name| &schemas[name])
}

/// Replaces references by the schemas that they point to: enumerations, beside a description.
pub fn inline(schema: &mut Value, schemas: &Value) {
    if schema.get("$ref").is_some() {
        *schema = resolved(schema, schemas).clone();
    }
    for one in schema
        .get_mut("allOf")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        inline(one, schemas);
    }
}

/// Returns whether the schema rejects any value.
pub fn constrains(schema: &Value) -> bool {
    const ANNOTATIONS: [&str; 5] = ["description", "title", "default", "example", "examples"];
    match schema {
        Value::Object(keywords) => keywords
            .keys()
            .any(|name| !ANNOTATIONS.contains(&name.as_str())),
        other => *other != true,
    }
}

/// Removes a keyword, wherever it is.
pub fn remove(schema: &mut Value, keyword: &str) {
    match schema {
        Value::Object(members) => {
            members.remove(keyword);
            members
                .values_mut()
                .for_each(|value| remove(value, keyword));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| remove(value, keyword)),
        _ => {}
    }
}
