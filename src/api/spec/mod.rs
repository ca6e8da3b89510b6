//! The OpenAPI document: poem-openapi generates it from the handlers, and this module completes and
//! corrects it.
//!
//! poem-openapi declares version 3.0.0 but writes members of 3.1, does not know problems and
//! headers that handlers read themselves, and treats every optional field as not nullable. The
//! result here is a valid 3.1.0 document, and a 3.0.3 version of it.

mod openapi_3_0;
mod operations;
mod schemas;
mod yaml;

pub use schemas::VISIBLE;

use super::auth::MediaLinks;
use super::{
    examples::example,
    operation_routes::{Parameter, Route},
    problem::meaning,
};
use crate::{
    codes::{CODES, type_of},
    import::{Background, Settings},
    jobs::JobManager,
};
use poem::http::Method;
use poem_openapi::{OpenApi, OpenApiService};
use serde_json::{Map, Value, json};
use std::{borrow::Cow, collections::BTreeMap, sync::LazyLock};

static RAW: LazyLock<String> = LazyLock::new(|| service().spec());
static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| complete(serde_json::from_str(&RAW).unwrap_or_default()));

/// Builds the service only to generate its document.
fn service() -> OpenApiService<impl OpenApi, ()> {
    let jobs = JobManager::detached();
    super::service(super::operations(
        &jobs,
        &Background::new(jobs.clone(), Settings::default()),
        &MediaLinks::new(None),
        None,
    ))
}

/// Returns the document in OpenAPI 3.1.0.
pub fn document() -> &'static Value {
    &DOCUMENT
}

/// Returns the document's schemas, with the rules that it has in words only.
pub fn schemas_with_rules() -> Value {
    schemas::with_rules(document()["components"]["schemas"].clone())
}

/// Returns the document of a server that a proxy publishes under this path; empty for the root.
fn document_at(prefix: &str) -> Cow<'static, Value> {
    if prefix.is_empty() {
        return Cow::Borrowed(document());
    }
    let mut document = document().clone();
    document["servers"][0]["url"] = json!(prefix);
    Cow::Owned(document)
}

/// Returns the document as JSON.
pub fn json() -> String {
    json_at("")
}

/// Returns the document as JSON, of a server under this path.
pub fn json_at(prefix: &str) -> String {
    pretty(&document_at(prefix))
}

/// Returns the document as YAML.
pub fn yaml() -> String {
    yaml_at("")
}

/// Returns the document as YAML, of a server under this path.
pub fn yaml_at(prefix: &str) -> String {
    yaml::print(&document_at(prefix))
}

/// Returns the document in OpenAPI 3.0.3, for tools that do not support 3.1 yet.
pub fn json_3_0() -> String {
    json_3_0_at("")
}

/// Returns the document in OpenAPI 3.0.3, of a server under this path.
pub fn json_3_0_at(prefix: &str) -> String {
    let mut document = document_at(prefix).into_owned();
    document["openapi"] = json!("3.0.3");
    document["info"]["license"] =
        json!({"name": LICENSE, "url": "https://spdx.org/licenses/Apache-2.0.html"});
    if let Some(info) = document["info"].as_object_mut() {
        info.remove("summary");
    }
    openapi_3_0::to_3_0(&mut document);
    pretty(&document)
}

/// Returns Swagger UI with the document, for the page `/docs`.
pub fn swagger_ui(prefix: &str) -> String {
    service()
        .swagger_ui_html()
        .replace(RAW.as_str(), &document_at(prefix).to_string())
}

/// Returns Redoc with the document, for the page `/redoc`, without the template's links to fonts
/// and a picture on other hosts.
pub fn redoc(prefix: &str) -> String {
    let page = service()
        .redoc_html()
        .replace(RAW.as_str(), &document_at(prefix).to_string());
    let page = page
        .lines()
        .filter(|line| !line.contains("fonts.googleapis.com"))
        .collect::<Vec<_>>()
        .join("\n");
    page.replace("https://cdn.redoc.ly/redoc/logo-mini.svg", "data:,")
}

/// Returns every path of the document with its methods and their query parameters.
pub fn routes() -> Vec<Route> {
    let paths = document()["paths"].as_object().into_iter().flatten();
    paths.map(|(path, item)| route(path, item)).collect()
}

/// Returns path, method and id of every operation of the document.
pub fn operation_ids() -> Vec<(String, Method, String)> {
    let paths = document()["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (path, method, operation))
    });
    operations
        .filter_map(|(path, method, operation)| {
            let method = method.to_uppercase().parse().ok()?;
            let id = operation["operationId"].as_str()?.to_owned();
            Some((path.clone(), method, id))
        })
        .collect()
}

fn route(path: &str, item: &Value) -> Route {
    let operations = || item.as_object().into_iter().flatten();
    let mut methods: Vec<_> = operations().map(|(m, _)| m.to_uppercase()).collect();
    if methods.iter().any(|m| m == "GET") {
        methods.push("HEAD".to_owned());
    }
    methods.sort();
    let parameter = |parameter: &Value| Parameter {
        name: parameter["name"].as_str().unwrap_or_default().to_owned(),
        repeatable: parameter["schema"]["type"] == "array",
    };
    let of_operation = |(method, operation): (&String, &Value)| {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let query = parameters.filter(|parameter| parameter["in"] == "query");
        let method = method.to_uppercase().parse().ok()?;
        Some((method, query.map(parameter).collect()))
    };
    Route {
        parts: path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect(),
        methods: methods.join(", "),
        parameters: operations().filter_map(of_operation).collect(),
    }
}

const LICENSE: &str = "MIT OR Apache-2.0";
const SUMMARY: &str = "The durable job service for video generation";
const DESCRIPTION: &str = "Callsheet stores every job of a video pipeline in one table and loses no accepted job. \
Errors are `application/problem+json` (RFC 9457) with a stable `code`. The `ETag` of a job is its version: send it in \
`If-Match` to change only a version that you have seen. Repeating a creating call with the same `Idempotency-Key` \
creates nothing twice.";

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

fn pretty(value: &Value) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}
