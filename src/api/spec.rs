//! The OpenAPI document: what poem-openapi makes of the handlers, completed and put right.
//!
//! poem-openapi names version 3.0.0 but writes members of 3.1, knows nothing of headers that are read by hand or of
//! problems, and takes every optional field for one that cannot be null. Here that becomes a valid 3.1.0 and a 3.0.3.

use super::{
    contract::{EVERYWHERE, Header, OPERATIONS, Operation, WITH_BODY},
    examples::{dump, example},
    problem::meaning,
};
use crate::{
    import::{Background, Interrupted, OnConflict, SourceKind},
    jobs::JobManager,
    lifecycle::Cursor,
};
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
const NEVER_NULL: [(&str, &[&str]); 6] = [
    ("ItemReport", &["key", "idx"]),
    ("ReportProgress", &["progress", "current_stage"]),
    ("ReportShots", &["total_shots", "completed_shots"]),
    ("JobPatch", &["status", "progress", "total_shots", "completed_shots", "priority", "max_attempts"]),
    ("GenerateIdea", &["user_requirement", "style"]),
    ("GenerateScript", &["user_requirement", "style"]),
];

static RAW: LazyLock<String> = LazyLock::new(|| service().spec());
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| complete(serde_json::from_str(&RAW).unwrap_or_default()));

/// The service for its document alone.
fn service() -> OpenApiService<impl OpenApi, ()> {
    let jobs = JobManager::detached();
    super::service(super::operations(&jobs, &Background::new(jobs.clone())))
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
    // Nothing authenticates: said, rather than left open.
    document["security"] = json!([]);
    add_problem_schemas(&mut document);
    let schemas = document["components"]["schemas"].as_object_mut().into_iter().flatten();
    for (name, schema) in schemas {
        complete_schema(name, schema);
    }
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for operation in paths.flat_map(|(_, item)| item.as_object_mut().into_iter().flatten()).map(|(_, o)| o) {
        complete_operation(operation);
    }
    add_examples(&mut document);
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
    if ["ReportProgress", "ReportShots"].contains(&name) {
        schema["minProperties"] = json!(1);
    }
    if name == "ItemReport" {
        schema["anyOf"] = json!([{"required": ["key"]}, {"required": ["idx"]}]);
    }
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    if INPUTS.contains(&name) {
        properties.iter_mut().for_each(|(field, property)| narrow(field, property));
    }
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

/// What the service refuses in a field, said in the schema.
fn narrow(field: &str, property: &mut Value) {
    if field == "labels" {
        property["maxProperties"] = json!(16);
        property["propertyNames"] = json!({"pattern": "^[A-Za-z0-9._/-]{1,63}$"});
        property["additionalProperties"]["maxLength"] = json!(255);
        property["additionalProperties"]["pattern"] = json!(NO_NUL);
        let null_removes = property["additionalProperties"].get("type").is_none();
        property["additionalProperties"]["type"] = if null_removes { json!(["string", "null"]) } else { json!("string") };
    }
    if field == "items" {
        property["uniqueItems"] = json!(true);
    }
    let plain = property["type"] == "string" && property.get("format").is_none() && property.get("pattern").is_none();
    if plain {
        property["pattern"] = json!(if ["key", "worker_id"].contains(&field) { r"^[^\u0000-\u001f\u007f-\u009f]*$" } else { NO_NUL });
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
    let mut parameters = operation.get("parameters").and_then(Value::as_array).cloned().unwrap_or_default();
    parameters.iter_mut().for_each(complete_parameter);
    parameters.extend(contract.headers.iter().map(|header| header_parameter(*header)));
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    let has_body = operation.get("requestBody").is_some();
    if has_body {
        let content = &mut operation["requestBody"]["content"];
        complete_content(content);
        if id == "start_import" {
            content["application/json"]["schema"] = json!({"description": "A dump in JSON or JSON Lines."});
            content["application/json"]["examples"] = json!({"Dump": {"$ref": "#/components/examples/Dump"}});
        }
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
    add_links(&id, &mut operation["responses"]);
    add_problems(operation, contract, has_body);
}

/// What can be called next with the id of a thing just made.
fn add_links(id: &str, responses: &mut Value) {
    let (status, parameter, next): (_, _, &[&str]) = match id {
        "create_job" => ("201", "job_id", &JOB_OPERATIONS),
        "generate_idea2video" | "generate_script2video" => ("200", "job_id", &JOB_OPERATIONS),
        "start_import" => ("202", "import_id", &["get_import", "list_import_rejects"]),
        "create_series" => ("201", "series_id", &["get_series", "delete_series"]),
        "create_episode" => ("201", "episode_id", &["get_episode", "delete_episode"]),
        _ => return,
    };
    let link = |operation: &&str| {
        let link = json!({
            "operationId": operation,
            "description": "Takes the id from the answer.",
            "parameters": {parameter: format!("$response.body#/{parameter}")},
        });
        ((*operation).to_owned(), link)
    };
    responses[status]["links"] = Value::Object(next.iter().map(link).collect());
}

/// Operations on one job, in the order of its life.
const JOB_OPERATIONS: [&str; 15] = [
    "get_job",
    "update_job",
    "start_job",
    "update_progress",
    "update_shots",
    "report_items",
    "list_items",
    "list_shots",
    "list_events",
    "mark_failed",
    "mark_completed",
    "cancel_job",
    "retry_job",
    "update_shot",
    "delete_job",
];

/// One example a schema and one a code; the operations refer to them.
fn add_examples(document: &mut Value) {
    let mut examples = Map::new();
    for name in document["components"]["schemas"].as_object().into_iter().flat_map(Map::keys) {
        if let Some(value) = example(name) {
            examples.insert(name.clone(), json!({"value": value}));
        }
    }
    examples.insert("Dump".to_owned(), json!({"value": dump()}));
    let used = OPERATIONS.iter().flat_map(|o| o.codes).chain(&EVERYWHERE).chain(&WITH_BODY);
    for code in used {
        let (status, title) = meaning(code);
        let value = json!({
            "type": "about:blank",
            "title": title,
            "status": status.as_u16(),
            "detail": format!("{title}."),
            "code": code,
            "request_id": "0199d3a4-9999-7000-8000-3f1c5b8a2d10",
        });
        examples.insert((*code).to_owned(), json!({"summary": title, "value": value}));
    }
    let text = document.to_string();
    examples.retain(|name, _| text.contains(&format!("\"#/components/examples/{name}\"")));
    document["components"]["examples"] = Value::Object(examples);
}

/// The media type without its charset, and with the example of its schema.
fn complete_content(content: &mut Value) {
    let Some(types) = content.as_object_mut() else { return };
    if let Some(media) = types.remove("application/json; charset=utf-8") {
        types.insert("application/json".to_owned(), media);
    }
    for (_, media) in types {
        let name = media["schema"]["$ref"].as_str().and_then(|r| r.rsplit('/').next());
        if let Some(name) = name.filter(|n| example(n).is_some()).map(str::to_owned) {
            media["examples"] = json!({&name: {"$ref": format!("#/components/examples/{name}")}});
        }
    }
}

/// Characters of any text: all but NUL, which no database here can hold.
const NO_NUL: &str = r"^[^\u0000]*$";

fn complete_parameter(parameter: &mut Value) {
    let name = parameter["name"].as_str().unwrap_or_default().to_owned();
    let schema = &mut parameter["schema"];
    match name.as_str() {
        "q" => {
            schema["maxLength"] = json!(1000);
            schema["pattern"] = json!(NO_NUL);
        }
        "label" => schema["items"]["pattern"] = json!(r"^[A-Za-z0-9._/-]{1,63}=[^\u0000]*$"),
        "cursor" => schema["pattern"] = json!(Cursor::PATTERN),
        "from" => schema["enum"] = json!(SourceKind::ALL.map(SourceKind::name)),
        "interrupted" => schema["enum"] = json!(Interrupted::ALL.map(Interrupted::name)),
        "on_conflict" => schema["enum"] = json!(OnConflict::ALL.map(OnConflict::name)),
        "source_tz" => schema["enum"] = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()).collect(),
        "file_name" => {
            schema["maxLength"] = json!(255);
            schema["pattern"] = json!(NO_NUL);
        }
        "offset" => {
            schema["minimum"] = json!(0);
            schema["maximum"] = json!(i64::MAX);
        }
        _ if schema["type"] == "string" && schema.get("format").is_none() => schema["pattern"] = json!(NO_NUL),
        _ => {}
    }
    let example = match name.as_str() {
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
        "import_id" => json!("0199d3a4-7c1e-7b52-9f0a-3f1c5b8a2d10"),
        "from" => json!("vedo-jobs"),
        "source_tz" => json!("America/New_York"),
        "interrupted" => json!("keep"),
        "on_conflict" => json!("skip"),
        "dry_run" => json!(false),
        "file_name" => json!("jobs.json"),
        _ => return,
    };
    parameter["example"] = example;
}

fn header_parameter(header: Header) -> Value {
    const ETAGS: &str = r#"^(|\*|(W/)?"[!#-+\--~]*"( *, *(W/)?"[!#-+\--~]*")*)$"#;
    let (name, description, example, pattern) = match header {
        Header::IdempotencyKey => (
            "Idempotency-Key",
            "The same key with the same body makes nothing twice and is answered as the first time.",
            "5b0c1f8e-render-42",
            Some("^[!-~]([ -~]{0,253}[!-~])?$"),
        ),
        Header::IfMatch => (
            "If-Match",
            "ETags of the versions that may be changed; 412 when the job is at another one.",
            "\"4\"",
            Some(ETAGS),
        ),
        Header::IfNoneMatch => (
            "If-None-Match",
            "ETags of the versions that the client has; 304 when the job is at one of them.",
            "\"4\"",
            // Whatever else it holds is a tag of something that the client does not have of us.
            None,
        ),
    };
    let schema = match pattern {
        Some(pattern) => json!({"type": "string", "pattern": pattern}),
        None => json!({"type": "string"}),
    };
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
        let example = json!({"$ref": format!("#/components/examples/{code}")});
        response["content"]["application/problem+json"]["examples"][*code] = example;
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
            members.remove("propertyNames");
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
