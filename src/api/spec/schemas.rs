//! Corrections of the document's schemas: nullable and required fields, and further limits of the
//! service.

mod inputs;
mod narrow;
mod problems;

pub use inputs::with_rules;
pub use problems::add_problems;

use crate::{
    api::{
        dto::{LARGE_FIELDS, PREVIEW_FIELDS},
        examples::example,
    },
    codes::CODES,
    import::{Reason, SourceKind},
    jobs::Reset,
    lifecycle::EventKind,
};
use inputs::{INPUTS, LEGACY_INPUTS, NEVER_NULL};
use narrow::narrow;
use serde_json::{Value, json};

/// Completes and corrects one schema.
pub fn complete(name: &str, schema: &mut Value) {
    if let Some(example) = example(name) {
        schema["examples"] = json!([example]);
    }
    if name == "Problem" || name == "FieldProblem" {
        if let Some(words) = growing_words(name, "code") {
            schema["properties"]["code"]["x-extensible-enum"] = json!(words);
        }
        return;
    }
    if name == "Action" {
        let description = schema["properties"]["filter"]["description"].take();
        schema["properties"]["filter"] =
            json!({"$ref": "#/components/schemas/ActionFilter", "description": description});
    }
    if INPUTS.contains(&name) && !LEGACY_INPUTS.contains(&name) {
        schema["additionalProperties"] = json!(false);
    }
    let required: Vec<String> =
        serde_json::from_value(schema["required"].clone()).unwrap_or_default();
    let never_null = NEVER_NULL
        .iter()
        .find(|(n, _)| *n == name)
        .map_or(&[][..], |(_, fields)| fields);
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    if INPUTS.contains(&name) {
        properties
            .iter_mut()
            .for_each(|(field, property)| narrow(name, field, property));
    }
    for (field, property) in properties.iter_mut() {
        describe_reference(property);
        if let Some(words) = growing_words(name, field) {
            property["x-extensible-enum"] = json!(words);
        }
        if DEPRECATED.contains(&(name, field)) {
            property["deprecated"] = json!(true);
        }
        if !required.contains(field) && !never_null.contains(&field.as_str()) {
            make_nullable(property);
        }
    }
    if !INPUTS.contains(&name) {
        let left_out = |field: &&String| match name {
            "Job" | "StartedJob" => *field == "webhook",
            "ListedJob" if *field == "webhook" => true,
            "ListedJob" => {
                LARGE_FIELDS.contains(&field.as_str()) || PREVIEW_FIELDS.contains(&field.as_str())
            }
            "Series" | "Episode" => *field == "jobs",
            "JobWithShots" => ["archived_at", "webhook"].contains(&field.as_str()),
            "OutcomeAnswer" => *field == "status",
            "Lease" => *field == "job_token",
            "Caches" => *field == "redis",
            _ => false,
        };
        let all: Vec<_> = properties
            .keys()
            .filter(|field| !left_out(field))
            .cloned()
            .collect();
        schema["required"] = json!(all);
    }
}

/// Replaces `allOf: [reference, {description}]`, which poem-openapi writes for a reference with a
/// description: generators take it for a type of its own.
fn describe_reference(property: &mut Value) {
    let Some(reference) = property["allOf"][0].get("$ref").cloned() else {
        return;
    };
    let description = property["allOf"][1]["description"].take();
    *property = json!({"$ref": reference, "description": description});
}

/// Fields that older clients read instead of others.
const DEPRECATED: [(&str, &str); 7] = [
    ("Pagination", "offset"),
    ("ItemList", "next_after"),
    ("ShotList", "next_after"),
    ("EventList", "next_after"),
    ("ActionOutcomeList", "next_after"),
    ("ImportRejectList", "next_after"),
    ("WorkerList", "more"),
];

/// Returns the words that a text field has now. Later versions may have more, so they are no
/// `enum`, which would make a client fail at a new one.
fn growing_words(schema: &str, field: &str) -> Option<Vec<&'static str>> {
    Some(match (schema, field) {
        ("Event", "kind") => EventKind::ALL.map(EventKind::as_str).to_vec(),
        ("StreamReset", "reason") => Reset::ALL.map(Reset::reason).to_vec(),
        ("ImportReject", "reason") => Reason::ALL.map(Reason::as_str).to_vec(),
        ("Problem" | "OutcomeAnswer" | "ActionOutcome", "code") => {
            CODES.iter().map(|(code, ..)| *code).collect()
        }
        ("Job" | "JobWithShots" | "ListedJob" | "StartedJob", "source") => {
            SourceKind::ALL.map(SourceKind::name).to_vec()
        }
        ("HealthReport", "status") => vec!["ok"],
        ("Health", "status") => vec!["ok", "degraded", "failing"],
        ("DatabaseHealth", "status") => vec!["ok", "failing"],
        ("HealthReport", "database") | ("DatabaseHealth", "name") => vec!["SQLite", "PostgreSQL"],
        _ => return None,
    })
}

fn make_nullable(property: &mut Value) {
    if let Some(kind) = property
        .get("type")
        .and_then(Value::as_str)
        .map(str::to_owned)
    {
        property["type"] = json!([kind, "null"]);
    }
}
