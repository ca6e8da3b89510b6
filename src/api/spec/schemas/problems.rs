//! Schemas of problems, which no Rust type declares.

use serde_json::{Value, json};

/// Adds the schemas to the document.
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
