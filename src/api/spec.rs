//! The OpenAPI document: what poem-openapi makes of the handlers, completed and put right.
//!
//! poem-openapi names version 3.0.0 but writes members of 3.1, knows nothing of headers that are read by hand or of
//! problems, and takes every optional field for one that cannot be null. Here that becomes a valid 3.1.0 and a 3.0.3.

use super::{
    contract::{EVERYWHERE, Header, OPERATIONS, Operation, WITH_BODY},
    examples::example,
    problem::meaning,
};
use crate::jobs::JobManager;
use poem_openapi::{OpenApi, OpenApiService};
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// Schemas that clients send: what is optional in them may be left out. In all others every field is always there.
const INPUTS: [&str; 16] = [
    "CancelJob",
    "CompleteJob",
    "EditShot",
    "FailJob",
    "GenerateIdea",
    "GenerateScript",
    "ItemReport",
    "JobPatch",
    "NewEpisode",
    "NewItem",
    "NewJob",
    "NewSeries",
    "ReportItems",
    "ReportProgress",
    "ReportShots",
    "StartJob",
];

/// Optional fields that cannot be null: clearing them would mean nothing.
const NEVER_NULL: [(&str, &[&str]); 3] = [
    ("JobPatch", &["status", "progress", "total_shots", "completed_shots", "priority", "max_attempts"]),
    ("GenerateIdea", &["user_requirement", "style"]),
    ("GenerateScript", &["user_requirement", "style"]),
];

static RAW: LazyLock<String> = LazyLock::new(|| service().spec());
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| complete(serde_json::from_str(&RAW).unwrap_or_default()));

/// The service for its document alone.
fn service() -> OpenApiService<impl OpenApi, ()> {
    super::service(super::operations(&JobManager::detached()))
}

/// The document, OpenAPI 3.1.0.
pub fn document() -> &'static Value {
    &DOCUMENT
}

/// The document as JSON.
pub fn json() -> String {
    pretty(document())
}

/// The document as YAML.
pub fn yaml() -> String {
    serde_yaml::to_string(document()).unwrap_or_default()
}

/// The document in the older version 3.0.3, for tools that don't read 3.1 yet.
pub fn json_3_0() -> String {
    let mut document = document().clone();
    document["openapi"] = json!("3.0.3");
    document["info"]["license"] = json!({"name": LICENSE, "url": "https://spdx.org/licenses/Apache-2.0.html"});
    if let Some(info) = document["info"].as_object_mut() {
        info.remove("summary");
    }
    to_3_0(&mut document);
    pretty(&document)
}

/// Swagger UI with the document, for the page `/docs`.
pub fn swagger_ui() -> String {
    service().swagger_ui_html().replace(RAW.as_str(), &document().to_string())
}

/// Redoc with the document, for the page `/redoc`. Its template links fonts and a picture of other hosts.
pub fn redoc() -> String {
    let page = service().redoc_html().replace(RAW.as_str(), &document().to_string());
    let page = page.lines().filter(|line| !line.contains("fonts.googleapis.com")).collect::<Vec<_>>().join("\n");
    page.replace("https://cdn.redoc.ly/redoc/logo-mini.svg", "data:,")
}

/// Every path of the document, cut at its slashes, with the methods that it takes.
pub fn methods_by_path() -> Vec<(Vec<String>, String)> {
    let paths = document()["paths"].as_object().into_iter().flatten();
    let row = |(path, item): (&String, &Value)| {
        let mut methods: Vec<_> = item.as_object().into_iter().flatten().map(|(m, _)| m.to_uppercase()).collect();
        if methods.iter().any(|m| m == "GET") {
            methods.push("HEAD".to_owned());
        }
        methods.sort();
        (path.split('/').map(str::to_owned).collect(), methods.join(", "))
    };
    paths.map(row).collect()
}

const LICENSE: &str = "MIT OR Apache-2.0";
const SUMMARY: &str = "The durable job service for video generation";
const DESCRIPTION: &str = "Callsheet keeps every job of a video pipeline in one table, and nothing that was accepted is \
lost. Errors come as `application/problem+json` (RFC 9457) with a stable `code`. A job's `ETag` is its version: send it \
in `If-Match` to change only what you have seen. Repeat a creating call with the same `Idempotency-Key` and it makes \
nothing twice.";

fn complete(mut document: Value) -> Value {
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
    add_problem_schemas(&mut document);
    let schemas = document["components"]["schemas"].as_object_mut().into_iter().flatten();
    for (name, schema) in schemas {
        complete_schema(name, schema);
    }
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for operation in paths.flat_map(|(_, item)| item.as_object_mut().into_iter().flatten()).map(|(_, o)| o) {
        complete_operation(operation);
    }
    document
}

fn add_problem_schemas(document: &mut Value) {
    let text = |description: &str| json!({"type": "string", "description": description});
    document["components"]["schemas"]["FieldProblem"] = json!({
        "type": "object",
        "description": "What is wrong with one field.",
        "required": ["code", "detail"],
        "properties": {
            "pointer": text("JSON pointer into the body (RFC 6901); empty for the body as a whole."),
            "parameter": text("Name of the query, path or header parameter."),
            "code": text("A stable word for what is wrong."),
            "detail": text("A sentence that says what to do."),
        },
    });
    document["components"]["schemas"]["Problem"] = json!({
        "type": "object",
        "description": "What went wrong (RFC 9457).",
        "required": ["type", "title", "status", "detail", "code", "request_id"],
        "properties": {
            "type": text("Always `about:blank`: the code tells the kind."),
            "title": text("The code in words."),
            "status": {"type": "integer", "description": "The HTTP status."},
            "detail": text("A sentence that says what to do."),
            "code": text("A stable word for this kind of problem."),
            "request_id": text("By which the server's log knows the request."),
            "errors": {
                "type": "array",
                "description": "What is wrong with which field.",
                "items": {"$ref": "#/components/schemas/FieldProblem"},
            },
        },
    });
}

fn complete_schema(name: &str, schema: &mut Value) {
    if let Some(example) = example(name) {
        schema["examples"] = json!([example]);
    }
    if name == "Problem" || name == "FieldProblem" {
        return;
    }
    if INPUTS.contains(&name) {
        schema["additionalProperties"] = json!(false);
    }
    let required: Vec<String> = serde_json::from_value(schema["required"].clone()).unwrap_or_default();
    let never_null = NEVER_NULL.iter().find(|(n, _)| *n == name).map_or(&[][..], |(_, fields)| fields);
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    for (field, property) in properties.iter_mut() {
        if !required.contains(field) && !never_null.contains(&field.as_str()) {
            make_nullable(property);
        }
    }
    if !INPUTS.contains(&name) {
        let left_out = |field: &&String| name == "ListedJob" && super::dto::LARGE_FIELDS.contains(&field.as_str());
        let all: Vec<_> = properties.keys().filter(|field| !left_out(field)).cloned().collect();
        schema["required"] = json!(all);
    }
}

fn make_nullable(property: &mut Value) {
    if let Some(kind) = property.get("type").and_then(Value::as_str).map(str::to_owned) {
        property["type"] = json!([kind, "null"]);
    }
}

fn complete_operation(operation: &mut Value) {
    let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
    let Some(contract) = OPERATIONS.iter().find(|o| o.id == id) else { return };
    for parameter in operation["parameters"].as_array_mut().into_iter().flatten() {
        complete_parameter(parameter);
    }
    for header in contract.headers {
        let parameters = operation.as_object_mut().map(|o| o.entry("parameters").or_insert_with(|| json!([])));
        if let Some(parameters) = parameters.and_then(Value::as_array_mut) {
            parameters.push(header_parameter(*header));
        }
    }
    let has_body = operation.get("requestBody").is_some();
    if has_body {
        let content = &mut operation["requestBody"]["content"];
        complete_content(content);
        if id == "update_job" {
            content["application/merge-patch+json"] = content["application/json"].clone();
        }
    }
    let summary = operation["summary"].as_str().unwrap_or_default().to_owned();
    let responses = operation["responses"].as_object_mut().into_iter().flatten();
    for (_, response) in responses {
        complete_content(&mut response["content"]);
        if response["content"].is_null() {
            response.as_object_mut().map(|r| r.remove("content"));
        }
        if response["description"].as_str().is_none_or(str::is_empty) {
            response["description"] = json!(format!("{summary}: done."));
        }
    }
    add_problems(operation, contract, has_body);
}

/// The media type without its charset, and an example of its schema.
fn complete_content(content: &mut Value) {
    let Some(types) = content.as_object_mut() else { return };
    if let Some(media) = types.remove("application/json; charset=utf-8") {
        types.insert("application/json".to_owned(), media);
    }
    for (_, media) in types {
        let name = media["schema"]["$ref"].as_str().and_then(|r| r.rsplit('/').next());
        if let Some(example) = name.and_then(example) {
            media["example"] = example;
        }
    }
}

fn complete_parameter(parameter: &mut Value) {
    let example = match parameter["name"].as_str().unwrap_or_default() {
        "job_id" => json!("0199d3a4-7c1e-7b52-9f0a-3f1c5b8a2d10"),
        "series_id" | "episode_id" => json!("0199d3a0-11aa-7000-8000-5a6b7c8d9e0f"),
        "shot_idx" | "offset" => json!(0),
        "status" => json!("failed"),
        "job_type" => json!("idea2video"),
        "mode" => json!("idea"),
        "label" => json!(["team=red"]),
        "created_after" | "created_before" => json!("2026-01-31T12:00:00Z"),
        "q" => json!("night train"),
        "order" => json!("-created_at"),
        "limit" => json!(50),
        "view" => json!("summary"),
        "after" => json!(1),
        _ => return,
    };
    parameter["example"] = example;
}

fn header_parameter(header: Header) -> Value {
    let (name, description, example, length) = match header {
        Header::IdempotencyKey => (
            "Idempotency-Key",
            "The same key with the same body makes nothing twice and is answered as the first time.",
            "5b0c1f8e-render-42",
            255,
        ),
        Header::IfMatch => (
            "If-Match",
            "ETags of the versions that may be changed; 412 when the job is at another one.",
            "\"4\"",
            1000,
        ),
        Header::IfNoneMatch => (
            "If-None-Match",
            "ETags of the versions that the client has; 304 when the job is at one of them.",
            "\"4\"",
            1000,
        ),
    };
    let schema = json!({"type": "string", "minLength": 1, "maxLength": length});
    json!({"name": name, "in": "header", "required": false, "description": description, "schema": schema, "example": example})
}

fn add_problems(operation: &mut Value, contract: &Operation, has_body: bool) {
    let body: &[&str] = if has_body { &WITH_BODY } else { &[] };
    for code in EVERYWHERE.iter().chain(body).chain(contract.codes) {
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
        response["content"]["application/problem+json"]["examples"][*code] = json!({"value": {
            "type": "about:blank",
            "title": title,
            "status": status.as_u16(),
            "detail": format!("{title}."),
            "code": code,
            "request_id": "0199d3a4-9999-7000-8000-3f1c5b8a2d10",
        }});
    }
}

fn add_headers(response: &mut Value, status: u16) {
    let header = match status {
        405 => ("Allow", json!({"description": "The methods that the path takes.", "schema": {"type": "string"}})),
        503 => ("Retry-After", json!({"description": "Seconds to wait.", "schema": {"type": "integer"}})),
        _ => return,
    };
    response["headers"] = json!({header.0: header.1});
}

/// Rewrites what 3.1 says otherwise than 3.0: types with null, and examples of schemas.
fn to_3_0(value: &mut Value) {
    match value {
        Value::Object(members) => {
            null_to_nullable(members);
            // Of a schema; the examples of a media type are an object, and the same in both versions.
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
    let Some(Value::Array(types)) = members.get("type") else { return };
    if let [kind, Value::String(null)] = types.as_slice()
        && null == "null"
    {
        let kind = kind.clone();
        members.insert("type".to_owned(), kind);
        members.insert("nullable".to_owned(), json!(true));
    }
}

fn pretty(value: &Value) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}
