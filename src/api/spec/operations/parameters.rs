//! Corrections of parameters, and the parameters for headers that handlers read themselves.

use crate::{
    api::{
        contract::Header,
        spec::patterns::{
            ETAGS, IDEMPOTENCY_KEY, LABEL, NO_CONTROL, NO_NUL, NUMBER, POSITION, POSITION_OR_EMPTY,
            TIME_ZONE,
        },
    },
    import::{Interrupted, OnConflict, SourceKind},
    jobs::MAX_TEXT_CHARS,
    lifecycle::Cursor,
};
use serde_json::{Value, json};

/// Completes and corrects one parameter of the operation with this id.
pub fn complete_parameter(id: &str, parameter: &mut Value) {
    let name = parameter["name"].as_str().unwrap_or_default().to_owned();
    let is_path = parameter["in"] == "path";
    let schema = &mut parameter["schema"];
    match name.as_str() {
        "q" => {
            schema["maxLength"] = json!(MAX_TEXT_CHARS);
            schema["pattern"] = json!(NO_NUL);
        }
        "label" => schema["items"]["pattern"] = json!(LABEL),
        "after" if schema["type"] == "string" => schema["pattern"] = json!(POSITION),
        "client_id" => {
            schema["minLength"] = json!(1);
            schema["maxLength"] = json!(200);
            schema["pattern"] = json!(NO_CONTROL);
        }
        "cursor" if BY_NUMBER.contains(&id) => schema["pattern"] = json!(NUMBER),
        "cursor"
            if matches!(
                id,
                "list_archives" | "list_workers" | "list_schedules" | "list_webhooks"
            ) =>
        {
            schema["pattern"] = json!(NO_CONTROL)
        }
        "cursor" => schema["pattern"] = json!(Cursor::PATTERN),
        "from" => schema["enum"] = json!(SourceKind::ALL.map(SourceKind::name)),
        "interrupted" => schema["enum"] = json!(Interrupted::ALL.map(Interrupted::name)),
        "on_conflict" => schema["enum"] = json!(OnConflict::ALL.map(OnConflict::name)),
        "source_tz" => {
            schema["maxLength"] = json!(64);
            schema["pattern"] = json!(TIME_ZONE);
        }
        "file_name" => {
            schema["maxLength"] = json!(255);
            schema["pattern"] = json!(NO_NUL);
        }
        // Both databases count rows in signed 64-bit integers.
        "offset" | "limit" if schema.get("maximum").is_none() => {
            schema["minimum"] = json!(u8::from(name == "limit"));
            schema["maximum"] = json!(i64::MAX);
        }
        _ if schema["type"] == "string" && schema.get("format").is_none() => {
            schema["pattern"] = json!(NO_NUL)
        }
        _ => {}
    }
    // poem-openapi requires every list, though one without elements is as good as none.
    if schema["type"] == "array" {
        parameter["required"] = json!(false);
    }
    if DEPRECATED.contains(&(id, &name)) {
        parameter["deprecated"] = json!(true);
    }
    if let Some(example) = parameter_example(&name, is_path) {
        parameter["example"] = example;
    }
}

/// Lists whose rows have a number, which is their cursor.
const BY_NUMBER: [&str; 6] = [
    "list_items",
    "list_shots",
    "list_events",
    "list_action_outcomes",
    "list_import_rejects",
    "list_webhook_deliveries",
];

/// Parameters of older clients, with the operation that takes them: `cursor` does the same.
const DEPRECATED: [(&str, &str); 6] = [
    ("list_jobs", "offset"),
    ("list_items", "after"),
    ("list_shots", "after"),
    ("list_events", "after"),
    ("list_action_outcomes", "after"),
    ("list_import_rejects", "after"),
];

/// Returns the example of a parameter. Pages such as Swagger UI send it when a person only clicks,
/// so only required parameters have one, and optional ones whose example changes nothing. A filter,
/// a condition, a key, a cursor or a wait would make the call fail, find nothing, or hang.
fn parameter_example(name: &str, is_path: bool) -> Option<Value> {
    Some(match name {
        "job_id" if is_path => json!("0199d3a4-7c1e-7b52-9f0a-3f1c5b8a2d10"),
        "series_id" | "episode_id" if is_path => json!("0199d3a0-11aa-7000-8000-5a6b7c8d9e0f"),
        "import_id" if is_path => json!("0199d3b0-5f11-7000-8000-3f1c5b8a2d10"),
        "action_id" if is_path => json!("0199d3c0-7a11-7000-8000-3f1c5b8a2d10"),
        "key_id" if is_path => json!("k3x9a2m7"),
        "schedule_id" if is_path => json!("nightly"),
        "webhook_id" if is_path => json!("0199d3e0-2b11-7000-8000-3f1c5b8a2d10"),
        "delivery_id" if is_path => json!(4711),
        "shot_idx" if is_path => json!(0),
        "job_type" if is_path => json!("idea2video"),
        "client_id" => json!("c0ffee-42"),
        "limit" => json!(50),
        "order" => json!("-created_at"),
        "bucket" => json!("minute"),
        "source_tz" => json!("UTC"),
        "interrupted" => json!("keep"),
        "on_conflict" => json!("skip"),
        "dry_run" => json!(false),
        _ => return None,
    })
}

/// Returns the parameter for a header.
pub fn header_parameter(header: Header) -> Value {
    let (name, description, pattern) = match header {
        Header::IdempotencyKey => (
            "Idempotency-Key",
            "Repeating a call with the same key and body creates nothing twice and returns the \
            first response.",
            Some(IDEMPOTENCY_KEY),
        ),
        Header::IfMatch => (
            "If-Match",
            "ETags of the versions to change; 412 if the job has another version.",
            Some(ETAGS),
        ),
        Header::IfNoneMatch => (
            "If-None-Match",
            "ETags of the versions that the client has; 304 if the job has one of them.",
            // Clients and proxies may send any tags here; unknown ones simply do not match.
            None,
        ),
        Header::LastEventId => (
            "Last-Event-ID",
            "Id of the last message that the client received; the stream resumes after it. Takes \
            precedence over `after`.",
            Some(POSITION_OR_EMPTY),
        ),
    };
    let schema = match pattern {
        Some(pattern) => json!({"type": "string", "pattern": pattern}),
        None => json!({"type": "string"}),
    };
    json!({"name": name, "in": "header", "required": false, "description": description, "schema": schema})
}
