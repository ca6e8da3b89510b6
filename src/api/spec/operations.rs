//! Corrections of the document's operations: parameters, headers, examples, links and problems.

use super::schemas::{NO_CONTROL, NO_NUL};
use crate::{
    api::{
        contract::{COMMON_CODES, Header, MUTATION_CODES, Operation, WITH_BODY},
        examples::example,
        operation_table::operation_of,
        problem::meaning,
    },
    import::{Interrupted, OnConflict, SourceKind},
    jobs::MAX_TEXT_CHARS,
    lifecycle::Cursor,
    metrics::LEGACY_PREFIX,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Completes and corrects one operation.
pub fn complete(operation: &mut Value, is_unsafe: bool, descriptions: &BTreeMap<String, String>) {
    let id = operation["operationId"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let Some(contract) = operation_of(&id) else {
        return;
    };
    let mut parameters = operation
        .get("parameters")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    for parameter in &mut parameters {
        complete_parameter(&id, parameter);
    }
    parameters.extend(
        contract
            .headers
            .iter()
            .map(|header| header_parameter(*header)),
    );
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    let has_body = operation.get("requestBody").is_some();
    if has_body {
        let content = &mut operation["requestBody"]["content"];
        complete_content(content);
        if id == "update_job" {
            content["application/merge-patch+json"] = content["application/json"].clone();
        }
    }
    let responses = operation["responses"].as_object_mut().into_iter().flatten();
    for (_, response) in responses {
        complete_content(&mut response["content"]);
        if response["content"].is_null() {
            response.as_object_mut().map(|r| r.remove("content"));
        }
        if response["description"].as_str().is_none_or(str::is_empty) {
            let schema = response["content"]["application/json"]["schema"]["$ref"].as_str();
            let name = schema
                .and_then(|r| r.rsplit('/').next())
                .unwrap_or_default();
            response["description"] = json!(descriptions.get(name).map_or("Done.", String::as_str));
        }
    }
    add_links(&id, &mut operation["responses"]);
    if parameters_have(operation, "cursor") {
        operation["responses"]["200"]["headers"]["Link"] = json!({
            "description": "Address of the next page, with `rel=\"next\"` (RFC 8288); left out on \
                the last page.",
            "schema": {"type": "string"},
        });
    }
    if id.starts_with(LEGACY_PREFIX) {
        add_deprecation(&mut operation["responses"]);
    }
    add_problems(operation, contract, is_unsafe, has_body);
}

/// Adds the headers by which a client learns that the call is deprecated.
fn add_deprecation(responses: &mut Value) {
    for (_, response) in responses.as_object_mut().into_iter().flatten() {
        response["headers"]["Deprecation"] = json!({
            "description": "Always `true`.",
            "schema": {"type": "string"},
        });
        response["headers"]["Link"] = json!({
            "description": "Address of the call that replaces this one, with \
                `rel=\"successor-version\"`.",
            "schema": {"type": "string"},
        });
    }
}

fn parameters_have(operation: &Value, name: &str) -> bool {
    let parameters = operation["parameters"].as_array();
    parameters.is_some_and(|all| all.iter().any(|parameter| parameter["name"] == name))
}

/// Adds links to the operations that take the id of the created resource.
fn add_links(id: &str, responses: &mut Value) {
    let (status, parameter, next): (_, _, &[&str]) = match id {
        "create_job" => ("201", "job_id", &JOB_OPERATIONS),
        "generate_idea2video" | "generate_script2video" => ("200", "job_id", &JOB_OPERATIONS),
        "legacy_pipeline_idea2video" | "legacy_pipeline_script2video" => (
            "200",
            "job_id",
            &["legacy_get_pipeline_job", "legacy_cancel_pipeline_job"],
        ),
        "legacy_generate_video" => (
            "200",
            "job_id",
            &["legacy_get_video_job", "legacy_delete_video_job"],
        ),
        "start_action" => (
            "202",
            "action_id",
            &[
                "get_action",
                "abort_action",
                "undo_action",
                "list_action_outcomes",
            ],
        ),
        "start_import" => (
            "202",
            "import_id",
            &["get_import", "abort_import", "list_import_rejects"],
        ),
        "create_schedule" => (
            "201",
            "schedule_id",
            &[
                "get_schedule",
                "list_schedule_times",
                "run_schedule",
                "pause_schedule",
                "resume_schedule",
                "delete_schedule",
            ],
        ),
        "create_webhook" => (
            "201",
            "webhook_id",
            &[
                "get_webhook",
                "update_webhook",
                "test_webhook",
                "rotate_webhook_secret",
                "replay_webhook",
                "list_webhook_deliveries",
                "pause_webhook",
                "resume_webhook",
                "delete_webhook",
            ],
        ),
        "create_series" => (
            "201",
            "series_id",
            &["get_series", "update_series", "delete_series"],
        ),
        "create_episode" => (
            "201",
            "episode_id",
            &["get_episode", "update_episode", "delete_episode"],
        ),
        _ => return,
    };
    let link = |operation: &&str| {
        let link = json!({
            "operationId": operation,
            "description": "Uses the id from the response.",
            "parameters": {parameter: format!("$response.body#/{parameter}")},
        });
        ((*operation).to_owned(), link)
    };
    responses[status]["links"] = Value::Object(next.iter().map(link).collect());
}

/// Operations on one job, in the order of its life.
const JOB_OPERATIONS: [&str; 23] = [
    "get_job",
    "get_progress",
    "get_shot",
    "update_job",
    "start_job",
    "update_progress",
    "update_shots",
    "report_items",
    "list_items",
    "list_shots",
    "list_events",
    "stream_job_events",
    "mark_failed",
    "mark_completed",
    "cancel_job",
    "retry_job",
    "recover_job",
    "undo_job",
    "retry_failed_items",
    "heartbeat",
    "release_job",
    "update_shot",
    "delete_job",
];

/// Removes the charset of the media type and adds the example of its schema.
fn complete_content(content: &mut Value) {
    let Some(types) = content.as_object_mut() else {
        return;
    };
    if let Some(media) = types.remove("application/json; charset=utf-8") {
        types.insert("application/json".to_owned(), media);
    }
    for (_, media) in types {
        let name = media["schema"]["$ref"]
            .as_str()
            .and_then(|r| r.rsplit('/').next());
        if let Some(name) = name.filter(|n| example(n).is_some()).map(str::to_owned) {
            media["examples"] = json!({&name: {"$ref": format!("#/components/examples/{name}")}});
        }
        // A bare array, of older calls, has one element as its example.
        let element = media["schema"]["items"]["$ref"].as_str();
        let element = element.and_then(|r| r.rsplit('/').next());
        if let Some((name, value)) = element.and_then(|name| Some((name, example(name)?))) {
            media["examples"] = json!({name: {"value": [value]}});
        }
    }
}

fn complete_parameter(id: &str, parameter: &mut Value) {
    let name = parameter["name"].as_str().unwrap_or_default().to_owned();
    let is_path = parameter["in"] == "path";
    let schema = &mut parameter["schema"];
    match name.as_str() {
        "q" => {
            schema["maxLength"] = json!(MAX_TEXT_CHARS);
            schema["pattern"] = json!(NO_NUL);
        }
        "label" => schema["items"]["pattern"] = json!(r"^[A-Za-z0-9._/-]{1,63}=[^\u0000]*$"),
        "after" if schema["type"] == "string" => {
            schema["pattern"] = json!(r"^[0-9]{1,18}(\.[0-9]{1,6}){0,2}$")
        }
        "client_id" => {
            schema["minLength"] = json!(1);
            schema["maxLength"] = json!(200);
            schema["pattern"] = json!(NO_CONTROL);
        }
        "cursor" if BY_NUMBER.contains(&id) => schema["pattern"] = json!("^[0-9]{1,18}$"),
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
            schema["pattern"] = json!("^[A-Za-z0-9_+/-]+$");
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

fn header_parameter(header: Header) -> Value {
    const ETAGS: &str = r#"^(|\*|(W/)?"[!#-+\--~]*"( *, *(W/)?"[!#-+\--~]*")*)$"#;
    let (name, description, pattern) = match header {
        Header::IdempotencyKey => (
            "Idempotency-Key",
            "Repeating a call with the same key and body creates nothing twice and returns the \
            first response.",
            Some("^[!-~]([ -~]{0,253}[!-~])?$"),
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
            Some(r"^([0-9]{1,18}(\.[0-9]{1,6}){0,2})?$"),
        ),
    };
    let schema = match pattern {
        Some(pattern) => json!({"type": "string", "pattern": pattern}),
        None => json!({"type": "string"}),
    };
    json!({"name": name, "in": "header", "required": false, "description": description, "schema": schema})
}

fn add_problems(operation: &mut Value, contract: &Operation, is_unsafe: bool, has_body: bool) {
    let changes: &[&str] = if is_unsafe { &MUTATION_CODES } else { &[] };
    let body: &[&str] = if has_body { &WITH_BODY } else { &[] };
    let archived = contract.code_of_archived();
    let callers = contract.auth_codes();
    for code in COMMON_CODES
        .iter()
        .chain(changes)
        .chain(body)
        .chain(contract.codes)
        .chain(&archived)
        .chain(&callers)
    {
        let (status, title) = meaning(code);
        let response = &mut operation["responses"][status.as_str()];
        if response.is_null() {
            *response = json!({
                "description": title,
                "content": {"application/problem+json": {
                    "schema": {"$ref": "#/components/schemas/Problem"}, "examples": {},
                }},
            });
            add_headers(response, status.as_u16());
        }
        let example = json!({"$ref": format!("#/components/examples/{code}")});
        response["content"]["application/problem+json"]["examples"][*code] = example;
    }
}

fn add_headers(response: &mut Value, status: u16) {
    let header = match status {
        405 => (
            "Allow",
            json!({"description": "Methods that the path supports.", "schema": {"type": "string"}}),
        ),
        429 | 503 | 507 => (
            "Retry-After",
            json!({"description": "Seconds to wait before the next try.", "schema": {"type": "integer"}}),
        ),
        _ => return,
    };
    response["headers"] = json!({header.0: header.1});
}
