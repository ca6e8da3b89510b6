//! The document as poem-openapi writes it, completed and corrected.

use super::{LICENSE, operations, schemas};
use crate::{
    api::{examples::example, problem::meaning},
    codes::{CODES, type_of},
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const SUMMARY: &str = "The durable job service for video generation";
const DESCRIPTION: &str = "Callsheet stores every job of a video pipeline in one table and loses no accepted job. \
Errors are `application/problem+json` (RFC 9457) with a stable `code`. The `ETag` of a job is its version: send it in \
`If-Match` to change only a version that you have seen. Repeating a creating call with the same `Idempotency-Key` \
creates nothing twice.";

/// Completes and corrects the document.
pub fn complete(mut document: Value) -> Value {
    document["openapi"] = json!("3.1.0");
    document["info"] = json!({
        "title": "Callsheet",
        "summary": SUMMARY,
        "description": DESCRIPTION,
        "version": env!("CARGO_PKG_VERSION"),
        "license": {"name": LICENSE, "identifier": LICENSE},
        "contact": {"name": "The Callsheet developers", "url": "https://github.com/callsheet/callsheet"},
    });
    document["servers"] = json!([{"url": "/", "description": "This server"}]);
    // A server without keys needs none.
    document["security"] = json!([{}, {"key": []}]);
    document["components"]["securitySchemes"] = json!({"key": {
        "type": "http",
        "scheme": "bearer",
        "description": "Text of a key, which an admin makes. A server without keys needs none.",
    }});
    schemas::add_problems(&mut document);
    let schemas = document["components"]["schemas"]
        .as_object_mut()
        .into_iter()
        .flatten();
    for (name, schema) in schemas {
        schemas::complete(name, schema);
    }
    let describe = |(name, schema): (&String, &Value)| {
        Some((name.clone(), schema["description"].as_str()?.to_owned()))
    };
    let schemas = document["components"]["schemas"]
        .as_object()
        .into_iter()
        .flatten();
    let descriptions: BTreeMap<String, String> = schemas.filter_map(describe).collect();
    sort_tags(&mut document);
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (method, operation) in
        paths.flat_map(|(_, item)| item.as_object_mut().into_iter().flatten())
    {
        operations::complete(operation, method != "get", &descriptions);
    }
    add_examples(&mut document);
    document
}

/// Sorts the tags in the order of a job's life instead of alphabetically.
fn sort_tags(document: &mut Value) {
    const ORDER: [&str; 18] = [
        "Generate",
        "Jobs",
        "Lifecycle",
        "Workers",
        "Items",
        "Events",
        "Stats",
        "Actions",
        "Schedules",
        "Webhooks",
        "Imports",
        "Series",
        "Episodes",
        "Storage",
        "Backups",
        "Keys",
        "Health",
        "Legacy",
    ];
    let tags = document["tags"].as_array_mut();
    if let Some(tags) = tags {
        tags.sort_by_key(|tag| ORDER.iter().position(|name| tag["name"] == *name));
    }
}

/// Adds an example for each schema and each code that operations refer to.
fn add_examples(document: &mut Value) {
    let mut examples = Map::new();
    for name in document["components"]["schemas"]
        .as_object()
        .into_iter()
        .flat_map(Map::keys)
    {
        if let Some(value) = example(name) {
            examples.insert(name.clone(), json!({"value": value}));
        }
    }
    for (code, _, _) in CODES {
        let (status, title) = meaning(code);
        let value = json!({
            "type": type_of(code),
            "title": title,
            "status": status.as_u16(),
            "detail": format!("{title}."),
            "code": code,
            "request_id": "0199d3a4-9999-7000-8000-3f1c5b8a2d10",
        });
        examples.insert(code.to_owned(), json!({"summary": title, "value": value}));
    }
    let text = document.to_string();
    examples.retain(|name, _| text.contains(&format!("\"#/components/examples/{name}\"")));
    document["components"]["examples"] = Value::Object(examples);
}
