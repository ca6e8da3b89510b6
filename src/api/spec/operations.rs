//! Corrections of the document's operations: parameters, headers, examples, links and problems.

mod links;
mod parameters;
mod problems;

use crate::{
    api::{examples::example, operation_table::operation_of},
    metrics::LEGACY_PREFIX,
};
use links::add_links;
use parameters::{complete_parameter, header_parameter};
use problems::add_problems;
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
