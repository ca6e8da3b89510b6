//! What generators of clients and pages make of the document.

use super::{elements, members, operations};
use callsheet::api::spec;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn document_3_0() -> Value {
    serde_json::from_str(&spec::json_3_0()).unwrap()
}

/// Calls the function with every object of the document that may be a schema or hold one.
fn each(value: &Value, place: &str, see: &mut impl FnMut(&str, &Value)) {
    if value.is_object() {
        see(place, value);
    }
    for (name, member) in members(value).filter(|(name, _)| !name.starts_with("example")) {
        each(member, &format!("{place}/{name}"), see);
    }
    for (i, element) in elements(value).enumerate() {
        each(element, &format!("{place}/{i}"), see);
    }
}

#[test]
fn nothing_is_required_but_what_a_call_cannot_do_without() {
    let mut required = BTreeSet::new();
    for (name, operation) in operations(spec::document()) {
        for parameter in elements(&operation["parameters"]) {
            let is_path = parameter["in"] == "path";
            if parameter["required"] == true && !is_path {
                required.insert(format!("{name} {}", parameter["name"]));
            }
            assert!(!is_path || parameter["required"] == true, "{name}");
        }
    }
    let expected = ["delete", "get"].map(|m| format!("{m} /api/v1/active-jobs \"client_id\""));
    assert_eq!(required, expected.into());
}

#[test]
fn no_example_of_a_parameter_is_harmful_when_sent() {
    for (name, operation) in operations(spec::document()) {
        for parameter in elements(&operation["parameters"]) {
            let is_needed = parameter["required"] == true;
            let changes_nothing = [
                ("limit", json!(50)),
                ("order", json!("-created_at")),
                ("bucket", json!("minute")),
                ("source_tz", json!("UTC")),
                ("interrupted", json!("keep")),
                ("on_conflict", json!("skip")),
                ("dry_run", json!(false)),
            ];
            let shown = [&parameter["example"], &parameter["schema"]["example"]];
            for example in shown.into_iter().filter(|example| !example.is_null()) {
                let harmless = changes_nothing
                    .iter()
                    .any(|(name, value)| parameter["name"] == *name && value == example);
                assert!(
                    is_needed || harmless,
                    "{name}: {} {example}",
                    parameter["name"]
                );
            }
            for other in ["default", "examples"] {
                assert!(
                    parameter["schema"].get(other).is_none(),
                    "{name}: {parameter}"
                );
            }
            assert!(parameter.get("examples").is_none(), "{name}: {parameter}");
        }
    }
}

#[test]
fn the_time_zone_is_a_text_with_an_example() {
    let operation = &spec::document()["paths"]["/api/v1/imports"]["post"];
    let zone = elements(&operation["parameters"]).find(|p| p["name"] == "source_tz");
    let zone = zone.unwrap();
    assert_eq!(
        (&zone["schema"]["type"], &zone["example"]),
        (&json!("string"), &json!("UTC"))
    );
    each(spec::document(), "", &mut |place, object| {
        let words = elements(&object["enum"]).count();
        assert!(words <= 40, "{place} has {words} words");
    });
}

#[test]
fn a_schema_with_fields_says_nothing_that_generators_take_for_another_type() {
    for document in [spec::document().clone(), document_3_0()] {
        each(&document, "", &mut |place, object| {
            let has = |keyword: &str| object.get(keyword).is_some_and(Value::is_array);
            if object["properties"].is_object() {
                assert!(
                    !has("anyOf") && !has("oneOf") && !has("allOf"),
                    "{place}: {object}"
                );
            }
            if has("allOf") {
                let parts = elements(&object["allOf"]).count();
                let is_reference = object["allOf"][0]["$ref"].is_string();
                let is_3_0 = document["openapi"] == "3.0.3";
                assert!(is_3_0 && parts == 1 && is_reference, "{place}: {object}");
            }
        });
    }
}

#[test]
fn no_object_inside_a_schema_gets_the_name_of_another() {
    let schemas = &spec::document()["components"]["schemas"];
    let names: BTreeSet<String> = members(schemas).map(|(n, _)| n.to_lowercase()).collect();
    for (name, schema) in members(schemas) {
        for (field, property) in members(&schema["properties"]) {
            let given = format!("{name}{field}").to_lowercase().replace('_', "");
            let is_reference = property["$ref"].is_string();
            let needs_name = property["type"] == "object" || property["enum"].is_array();
            assert!(
                is_reference || !needs_name || !names.contains(&given),
                "{name}.{field} would be {given}"
            );
        }
    }
    assert_eq!(
        schemas["Action"]["properties"]["filter"]["$ref"],
        "#/components/schemas/ActionFilter"
    );
}

#[test]
fn a_body_has_one_type_except_for_a_patch_that_is_named_as_one() {
    for (name, operation) in operations(spec::document()) {
        let types: Vec<_> = members(&operation["requestBody"]["content"])
            .map(|(kind, _)| kind.as_str())
            .collect();
        let expected: &[&str] = match operation["operationId"].as_str().unwrap() {
            "start_import" => &["application/octet-stream"],
            "update_job" => &["application/json", "application/merge-patch+json"],
            _ if types.is_empty() => &[],
            _ => &["application/json"],
        };
        assert_eq!(types, expected, "{name}");
    }
}

#[test]
fn the_older_version_has_one_body_type_and_one_success_for_each_call() {
    let document = document_3_0();
    for (name, operation) in operations(&document) {
        let bodies = members(&operation["requestBody"]["content"]).count();
        assert!(bodies <= 1, "{name}");
        let successes = members(&operation["responses"]).filter(|(s, _)| s.starts_with('2'));
        let shapes: BTreeSet<String> = successes
            .map(|(_, response)| {
                let content = members(&response["content"]).next();
                content.map_or_else(String::new, |(_, media)| media["schema"].to_string())
            })
            .collect();
        assert_eq!(shapes.len(), 1, "{name}: {shapes:?}");
    }
    let streams = [
        "/api/v1/events/stream",
        "/api/v1/jobs/{job_id}/events/stream",
    ];
    for (document, expected) in [
        (
            spec::document(),
            json!({"$ref": "#/components/schemas/StreamData"}),
        ),
        (&document, json!({"type": "string"})),
    ] {
        for path in streams {
            let content = &document["paths"][path]["get"]["responses"]["200"]["content"];
            assert_eq!(content["text/event-stream"]["schema"], expected, "{path}");
        }
    }
}

#[test]
fn every_field_is_described() {
    for (name, schema) in members(&spec::document()["components"]["schemas"]) {
        for (field, property) in members(&schema["properties"]) {
            let text = property["description"].as_str().unwrap_or_default();
            assert!(text.ends_with('.'), "{name}.{field}: {text:?}");
        }
    }
}

#[test]
fn lists_are_paged_in_one_way() {
    let schemas = &spec::document()["components"]["schemas"];
    for (name, operation) in operations(spec::document()) {
        let has = |wanted: &str| {
            elements(&operation["parameters"]).any(|parameter| parameter["name"] == wanted)
        };
        // Older clients page by offset.
        if operation["deprecated"] == true {
            continue;
        }
        if !has("cursor") {
            assert!(!has("limit") && !has("offset"), "{name}");
            continue;
        }
        let ok = &operation["responses"]["200"];
        assert!(ok["headers"]["Link"].is_object(), "{name}");
        let reference = ok["content"]["application/json"]["schema"]["$ref"]
            .as_str()
            .unwrap();
        let shape = &schemas[reference.rsplit('/').next().unwrap()]["properties"];
        assert!(
            shape["next_cursor"].is_object() && shape["has_more"].is_object(),
            "{name}"
        );
        for parameter in elements(&operation["parameters"]) {
            let is_old = parameter["name"] == "after" || parameter["name"] == "offset";
            assert_eq!(
                parameter["deprecated"] == true,
                is_old,
                "{name}: {}",
                parameter["name"]
            );
        }
    }
}

#[test]
fn what_is_put_can_be_read() {
    for (path, item) in members(&spec::document()["paths"]) {
        assert!(
            item.get("put").is_none() || item.get("get").is_some(),
            "{path}"
        );
    }
}
