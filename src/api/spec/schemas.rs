//! Corrections of the document's schemas: nullable and required fields, and further limits of the
//! service.

use crate::api::{dto::LARGE_FIELDS, examples::example};
use serde_json::{Value, json};

/// Schemas of requests, in which optional fields may be missing. In all other schemas every field
/// is always present.
const INPUTS: [&str; 26] = [
    "ActionFilter",
    "CancelJob",
    "ClaimJobs",
    "CompleteJob",
    "EditShot",
    "FailJob",
    "GenerateIdea",
    "GenerateScript",
    "ItemReport",
    "JobOutcome",
    "JobPatch",
    "NewAction",
    "NewEpisode",
    "NewItem",
    "NewJob",
    "NewJobs",
    "NewSeries",
    "ReleaseJob",
    "ReportItems",
    "ReportOutcomes",
    "ReportProgress",
    "ReportShots",
    "SetActiveJob",
    "SendHeartbeat",
    "SetQueue",
    "StartJob",
];

/// Optional fields that cannot be null, because clearing them would mean nothing.
const NEVER_NULL: [(&str, &[&str]); 8] = [
    ("NewAction", &["dry_run", "confirm"]),
    ("SetQueue", &["paused"]),
    ("ItemReport", &["key", "idx"]),
    ("ReportProgress", &["progress", "current_stage"]),
    ("ReportShots", &["total_shots", "completed_shots"]),
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
];

/// Schemas that require at least one of some fields.
const ONE_OF: [(&str, &[&str]); 4] = [
    ("ItemReport", &["key", "idx"]),
    ("ReportProgress", &["progress", "current_stage"]),
    ("ReportShots", &["total_shots", "completed_shots"]),
    ("SetQueue", &["paused", "max_running", "max_run_seconds"]),
];

/// Pattern of a job type.
pub const JOB_TYPE: &str = "^[a-z0-9_.-]{1,50}$";

/// Pattern of any text: no NUL, which neither database can hold.
pub const NO_NUL: &str = r"^[^\u0000]*$";

/// Pattern of a name: no control characters.
pub const NO_CONTROL: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";

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
            "type": text("Always `about:blank`; `code` identifies the problem."),
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
        },
    });
}

/// Completes and corrects one schema.
pub fn complete(name: &str, schema: &mut Value) {
    if let Some(example) = example(name) {
        schema["examples"] = json!([example]);
    }
    if name == "Problem" || name == "FieldProblem" {
        return;
    }
    if INPUTS.contains(&name) {
        schema["additionalProperties"] = json!(false);
    }
    let required: Vec<String> =
        serde_json::from_value(schema["required"].clone()).unwrap_or_default();
    let never_null = NEVER_NULL
        .iter()
        .find(|(n, _)| *n == name)
        .map_or(&[][..], |(_, fields)| fields);
    if let Some((_, fields)) = ONE_OF.iter().find(|(n, _)| *n == name) {
        schema["anyOf"] = fields
            .iter()
            .map(|field| json!({"required": [field]}))
            .collect();
    }
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    if INPUTS.contains(&name) {
        properties
            .iter_mut()
            .for_each(|(field, property)| narrow(name, field, property));
    }
    for (field, property) in properties.iter_mut() {
        if !required.contains(field) && !never_null.contains(&field.as_str()) {
            make_nullable(property);
        }
    }
    if !INPUTS.contains(&name) {
        let left_out = |field: &&String| match name {
            "ListedJob" => LARGE_FIELDS.contains(&field.as_str()) || *field == "newest_frame_path",
            "Series" | "Episode" => *field == "jobs",
            "OutcomeAnswer" => *field == "status",
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

fn make_nullable(property: &mut Value) {
    if let Some(kind) = property
        .get("type")
        .and_then(Value::as_str)
        .map(str::to_owned)
    {
        property["type"] = json!([kind, "null"]);
    }
}
