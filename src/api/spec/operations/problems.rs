//! Problems that an operation may answer, by status.

use crate::api::{
    contract::{COMMON_CODES, MUTATION_CODES, Operation, WITH_BODY},
    problem::meaning,
};
use serde_json::{Value, json};

/// Adds the problems, each with its example.
pub fn add_problems(operation: &mut Value, contract: &Operation, is_unsafe: bool, has_body: bool) {
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
