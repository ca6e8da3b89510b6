//! The shapes of the package are those of the OpenAPI document.

use callsheet_client::{Item, ItemStatus, Job, JobStatus, NewItem, NewJob};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, fs, path::Path};

fn schemas() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/openapi.json");
    let document: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    document["components"]["schemas"].clone()
}

/// Returns the example of a shape in the document.
fn example(shape: &str) -> Value {
    schemas()[shape]["examples"][0].clone()
}

fn names(shape: &str) -> BTreeSet<String> {
    let schema = schemas()[shape]["properties"].clone();
    schema.as_object().unwrap().keys().cloned().collect()
}

fn members(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

/// Reads the example, and writes it again.
fn through<T: DeserializeOwned + Serialize>(shape: &str) -> Value {
    json!(serde_json::from_value::<T>(example(shape)).unwrap())
}

#[test]
fn a_job_and_an_item_have_the_fields_of_the_document() {
    assert_eq!(members(&through::<Job>("Job")), names("Job"));
    assert_eq!(members(&through::<Item>("Item")), names("Item"));
}

#[test]
fn a_new_job_has_the_fields_of_the_document() {
    let all: Map<String, Value> = names("NewJob")
        .into_iter()
        .map(|name| {
            let value = match name.as_str() {
                "request_data" | "context" | "labels" => json!({}),
                "webhook" => json!({"url": "https://hooks.studio.example/"}),
                "items" => json!([{"key": "a", "input": 1}]),
                "priority" | "max_attempts" | "max_run_seconds" => json!(1),
                "run_at" => json!("2026-03-10T02:00:00Z"),
                "run" => json!("creator"),
                _ => json!("x"),
            };
            (name, value)
        })
        .collect();
    let new: NewJob = serde_json::from_value(Value::Object(all.clone())).unwrap();
    assert_eq!(json!(new), Value::Object(all));
    let item = NewItem {
        key: "a".into(),
        input: json!(1),
    };
    assert_eq!(members(&json!(item)), names("NewItem"));
    assert_eq!(json!(NewJob::new("x")), json!({"job_type": "x"}));
}

#[test]
fn statuses_are_those_of_the_document() {
    for status in schemas()["JobStatus"]["enum"].as_array().unwrap() {
        let read: JobStatus = serde_json::from_value(status.clone()).unwrap();
        assert_eq!(json!(read), *status);
    }
    for status in schemas()["ItemStatus"]["enum"].as_array().unwrap() {
        let read: ItemStatus = serde_json::from_value(status.clone()).unwrap();
        assert_eq!(json!(read), *status);
    }
}
