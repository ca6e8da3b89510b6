//! Conversion of the document to OpenAPI 3.0.3, for the generators that read only that. Many of
//! them also need one media type for each request body and one shape for all successes of a call.

use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Converts the document.
pub fn to_3_0(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    let mut merged = Vec::new();
    for (_, operation) in paths.flat_map(|(_, path)| path.as_object_mut().into_iter().flatten()) {
        one_body_type(operation);
        merged.extend(one_success(operation, &schemas));
    }
    for (name, schema) in merged {
        document["components"]["schemas"][name] = schema;
    }
    drop_unused(document);
    rewrite(document);
}

fn one_body_type(operation: &mut Value) {
    let content = operation.get_mut("requestBody").map(|b| &mut b["content"]);
    let types = content.and_then(Value::as_object_mut);
    if let Some(types) = types.filter(|types| types.contains_key("application/json")) {
        types.retain(|name, _| name == "application/json");
    }
}

/// Leaves one shape for the successes: drops an empty 204 beside a 200, sends streams as text, and
/// merges two shapes into a schema with the fields of both, whose name and content it returns.
fn one_success(operation: &mut Value, schemas: &Value) -> Option<(String, Value)> {
    let id = operation["operationId"].as_str()?.to_owned();
    let responses = operation["responses"].as_object_mut()?;
    if responses.contains_key("200") {
        responses.remove("204");
    }
    let stream = responses
        .get_mut("200")
        .and_then(|ok| ok["content"].get_mut("text/event-stream"));
    if let Some(stream) = stream {
        *stream = json!({"schema": {"type": "string"}});
    }
    let reference = |response: &Value| {
        let schema = &response["content"]["application/json"]["schema"]["$ref"];
        schema.as_str()?.rsplit('/').next().map(str::to_owned)
    };
    let successes = responses
        .iter()
        .filter(|(status, _)| status.starts_with('2'));
    let shapes: BTreeSet<String> = successes.filter_map(|(_, r)| reference(r)).collect();
    if shapes.len() < 2 {
        return None;
    }
    let name = format!("{}Result", camel_case(&id));
    for (_, response) in responses.iter_mut().filter(|(s, _)| s.starts_with('2')) {
        let media = &mut response["content"]["application/json"];
        media["schema"] = json!({"$ref": format!("#/components/schemas/{name}")});
    }
    let shapes: Vec<&Value> = shapes.iter().map(|shape| &schemas[shape]).collect();
    Some((name, merge(&shapes)))
}

/// Returns a schema with the fields of all shapes, of which those that all have are required.
fn merge(shapes: &[&Value]) -> Value {
    let mut properties = Map::new();
    let mut descriptions = Vec::new();
    for shape in shapes {
        descriptions.extend(shape["description"].as_str());
        let fields = shape["properties"].as_object().into_iter().flatten();
        for (name, field) in fields {
            let there = properties
                .entry(name.clone())
                .or_insert_with(|| field.clone());
            // Null in one of them is null in both.
            if field["type"].is_array() {
                *there = field.clone();
            }
        }
    }
    let is_required = |name: &&String| {
        let has = |shape: &&Value| {
            let required = shape["required"].as_array();
            required.is_some_and(|all| all.iter().any(|one| one == name.as_str()))
        };
        shapes.iter().all(has)
    };
    let required: Vec<_> = properties.keys().filter(is_required).cloned().collect();
    json!({
        "type": "object",
        "description": format!("One of: {}", descriptions.join(" Or: ")),
        "required": required,
        "properties": properties,
    })
}

fn camel_case(name: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    };
    name.split('_').map(word).collect()
}

/// Removes the schemas and examples that nothing refers to any more.
fn drop_unused(document: &mut Value) {
    loop {
        let mut used = BTreeSet::new();
        references(document, &mut used);
        let mut dropped = false;
        for kind in ["schemas", "examples"] {
            if let Some(members) = document["components"][kind].as_object_mut() {
                let before = members.len();
                members.retain(|name, _| used.contains(&format!("#/components/{kind}/{name}")));
                dropped |= members.len() < before;
            }
        }
        if !dropped {
            return;
        }
    }
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            let reference = members.get("$ref").and_then(Value::as_str);
            found.extend(reference.map(str::to_owned));
            members
                .values()
                .for_each(|member| references(member, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

/// Rewrites the parts in which 3.0 differs from 3.1: nullable types, examples of schemas, and
/// descriptions beside a reference.
fn rewrite(value: &mut Value) {
    match value {
        Value::Object(members) => {
            null_to_nullable(members);
            wrap_reference(members);
            members.remove("propertyNames");
            // Only examples of a schema are a list; those of a media type are an object in both
            // versions.
            if let Some(first) = members.get("examples").and_then(|e| e.get(0)).cloned() {
                members.remove("examples");
                members.insert("example".to_owned(), first);
            }
            members.values_mut().for_each(rewrite);
        }
        Value::Array(values) => values.iter_mut().for_each(rewrite),
        _ => {}
    }
}

/// Moves a reference with siblings into `allOf`, since 3.0 ignores what is beside a reference.
fn wrap_reference(members: &mut Map<String, Value>) {
    if members.len() > 1
        && let Some(reference) = members.remove("$ref")
    {
        members.insert("allOf".to_owned(), json!([{"$ref": reference}]));
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
