//! Corrections of the document's schemas: nullable and required fields, and further limits of the
//! service.

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
use serde_json::{Value, json};

/// Schemas of requests, in which optional fields may be missing. In all other schemas every field
/// is always present.
const INPUTS: [&str; 42] = [
    "ActionFilter",
    "CancelJob",
    "ClaimJobs",
    "CompleteJob",
    "EditShot",
    "EpisodePatch",
    "FailJob",
    "GenerateIdea",
    "GenerateScript",
    "GenerateVideo",
    "ItemReport",
    "JobOutcome",
    "JobPatch",
    "NewAction",
    "NewEpisode",
    "NewItem",
    "NewJob",
    "NewJobWebhook",
    "NewJobs",
    "NewKey",
    "NewMediaLink",
    "NewSchedule",
    "NewSeries",
    "NewSession",
    "NewWebhook",
    "PipelineIdea",
    "PipelineScript",
    "PreviewSchedule",
    "ReleaseJob",
    "ReplayWebhook",
    "ReportItems",
    "ReportOutcomes",
    "ReportProgress",
    "ReportShots",
    "SchedulePatch",
    "SeriesPatch",
    "SetActiveJob",
    "SendHeartbeat",
    "SetKeep",
    "SetQueue",
    "StartJob",
    "WebhookPatch",
];

/// Optional fields that cannot be null, because clearing them would mean nothing.
const NEVER_NULL: [(&str, &[&str]); 15] = [
    ("NewAction", &["dry_run", "confirm"]),
    ("SetQueue", &["paused", "keep"]),
    ("ItemReport", &["key", "idx"]),
    ("ReportProgress", &["progress", "current_stage"]),
    ("ReportShots", &["total_shots", "completed_shots"]),
    ("NewJob", &["run", "webhook"]),
    ("SeriesPatch", &["title"]),
    ("NewSchedule", &["overlap", "missed"]),
    (
        "SchedulePatch",
        &[
            "kind",
            "expr",
            "timezone",
            "template",
            "overlap",
            "missed",
            "window_seconds",
            "jitter_seconds",
        ],
    ),
    ("WebhookPatch", &["url", "kinds", "job_types", "labels"]),
    (
        "JobPatch",
        &[
            "status",
            "progress",
            "total_shots",
            "completed_shots",
            "priority",
            "max_attempts",
        ],
    ),
    ("GenerateIdea", &["user_requirement", "style"]),
    ("GenerateScript", &["user_requirement", "style"]),
    ("PipelineIdea", &["user_requirement", "style"]),
    ("PipelineScript", &["user_requirement", "style"]),
];

/// Requests of older clients, whose unknown fields the older services ignored.
const LEGACY_INPUTS: [&str; 6] = [
    "EditShot",
    "GenerateIdea",
    "GenerateScript",
    "GenerateVideo",
    "PipelineIdea",
    "PipelineScript",
];

/// Schemas that require at least one of some fields. The document says so in words only: a schema
/// with `anyOf` beside its properties has no type in most client generators. The server validates
/// with the rule.
const ONE_OF: [(&str, &[&str]); 5] = [
    ("ItemReport", &["key", "idx"]),
    ("ReportProgress", &["progress", "current_stage"]),
    ("ReportShots", &["total_shots", "completed_shots"]),
    (
        "SetQueue",
        &["paused", "max_running", "max_run_seconds", "keep", "then"],
    ),
    ("ReplayWebhook", &["position", "since"]),
];

/// Pattern of a job type.
pub const JOB_TYPE: &str = "^[a-z0-9_.-]{1,50}$";

/// Pattern of any text: no NUL, which neither database can hold.
pub const NO_NUL: &str = r"^[^\u0000]*$";

/// Pattern of a name: no control characters.
pub const NO_CONTROL: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";

/// Pattern of a name that people read: no control characters, and at least one that is no blank.
pub const VISIBLE: &str = r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$";

/// Adds the schemas of problems, which no Rust type declares.
pub fn add_problems(document: &mut Value) {
    let text = |description: &str| json!({"type": "string", "description": description});
    document["components"]["schemas"]["FieldProblem"] = json!({
        "type": "object",
        "description": "Error of one field.",
        "required": ["code", "detail"],
        "properties": {
            "pointer": text("JSON pointer into the body (RFC 6901); empty for the body as a \
            whole."),
            "parameter": text("Name of the query, path or header parameter."),
            "code": text("Stable code of the error."),
            "detail": text("A sentence that says what to do."),
        },
    });
    document["components"]["schemas"]["Problem"] = json!({
        "type": "object",
        "description": "Error of a request (RFC 9457).",
        "required": ["type", "title", "status", "detail", "code", "request_id"],
        "properties": {
            "type": {
                "type": "string",
                "format": "uri-reference",
                "description": "Address of the page about the code, relative to the server.",
            },
            "title": text("Title of the code."),
            "status": {"type": "integer", "description": "The HTTP status."},
            "detail": text("A sentence that says what to do."),
            "code": text("Stable code of the problem."),
            "request_id": text("Id of the request in the server's log."),
            "errors": {
                "type": "array",
                "description": "Errors of single fields.",
                "items": {"$ref": "#/components/schemas/FieldProblem"},
            },
            "health": {
                "$ref": "#/components/schemas/Health",
                "description": "Health of a server that cannot do its work; only in answers of \
                    `get_health`.",
            },
        },
    });
}

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

/// Adds the limits that the service checks to the schema of a field.
fn narrow(schema: &str, field: &str, property: &mut Value) {
    if field == "labels" {
        property["maxProperties"] = json!(16);
        property["propertyNames"] = json!({"pattern": "^[A-Za-z0-9._/-]{1,63}$"});
        property["additionalProperties"]["maxLength"] = json!(255);
        property["additionalProperties"]["pattern"] = json!(NO_NUL);
        // poem-openapi writes the same schema for a map to texts and for a map to optional texts.
        let null_removes = schema == "JobPatch";
        property["additionalProperties"]["type"] = if null_removes {
            json!(["string", "null"])
        } else {
            json!("string")
        };
    }
    if field == "job_ids" {
        property["items"]["pattern"] = json!(NO_NUL);
    }
    if field == "items" {
        property["uniqueItems"] = json!(true);
    }
    // As attributes of the fields, poem-openapi would compile these patterns again for each
    // request.
    match (schema, field) {
        ("NewJob", "job_type") => property["pattern"] = json!(JOB_TYPE),
        ("NewKey", "name") => property["pattern"] = json!(VISIBLE),
        ("NewSchedule", "schedule_id") => property["pattern"] = json!("^[a-z0-9_.-]{1,40}$"),
        ("NewJob", "job_id") => property["pattern"] = json!("^[A-Za-z0-9._:-]{1,64}$"),
        _ => {}
    }
    if field == "job_types" {
        property["items"]["pattern"] = json!(JOB_TYPE);
    }
    if field == "log" {
        property["items"]["maxLength"] = json!(2000);
        property["items"]["pattern"] = json!(NO_NUL);
    }
    let plain = property["type"] == "string"
        && property.get("format").is_none()
        && property.get("pattern").is_none();
    if plain {
        property["pattern"] = json!(if ["key", "worker_id", "client_id"].contains(&field) {
            NO_CONTROL
        } else {
            NO_NUL
        });
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

/// Returns the schemas with the rules that the document has in words only, for the server's own
/// validation.
pub fn with_rules(mut schemas: Value) -> Value {
    for (name, fields) in ONE_OF {
        let rules = fields.iter().map(|field| json!({"required": [field]}));
        schemas[name]["anyOf"] = rules.collect();
    }
    schemas
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
