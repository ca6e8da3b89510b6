//! Limits of fields that the service checks.

use crate::api::spec::patterns::{
    JOB_ID, JOB_TYPE, LABEL_KEY, NO_CONTROL, NO_NUL, SCHEDULE_ID, VISIBLE,
};
use serde_json::{Value, json};

/// Adds the limits that the service checks to the schema of a field.
pub fn narrow(schema: &str, field: &str, property: &mut Value) {
    if field == "labels" {
        property["maxProperties"] = json!(16);
        property["propertyNames"] = json!({"pattern": LABEL_KEY});
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
        ("NewSchedule", "schedule_id") => property["pattern"] = json!(SCHEDULE_ID),
        ("NewJob", "job_id") => property["pattern"] = json!(JOB_ID),
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
