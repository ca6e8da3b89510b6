//! The OpenAPI document: poem-openapi generates it from the handlers, and this module completes and
//! corrects it.
//!
//! poem-openapi declares version 3.0.0 but writes members of 3.1, does not know problems and
//! headers that handlers read themselves, and treats every optional field as not nullable. The
//! result here is a valid 3.1.0 document, and a 3.0.3 version of it.

mod complete;
mod openapi_3_0;
mod operations;
mod patterns;
mod schemas;
mod yaml;

pub use patterns::VISIBLE;

use super::{
    auth::MediaLinks,
    operation_routes::{Parameter, Route},
};
use crate::{
    import::{Background, Settings},
    jobs::JobManager,
};
use complete::complete;
use poem::http::Method;
use poem_openapi::{OpenApi, OpenApiService};
use serde_json::{Value, json};
use std::{borrow::Cow, sync::LazyLock};

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

/// Licenses of the service, as SPDX writes them.
const LICENSE: &str = "MIT OR Apache-2.0";

fn pretty(value: &Value) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}
