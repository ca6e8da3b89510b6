//! Every example is valid against its schema.

use super::{elements, members, operations};
use callsheet::api::spec;
use serde_json::{Value, json};

/// What is wrong with the value under the schema, a line an error.
fn errors(schema: &Value, value: &Value, place: &str) -> Vec<String> {
    let mut schema = schema.clone();
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["components"] = spec::document()["components"].clone();
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .expect(place);
    validator
        .iter_errors(value)
        .map(|error| format!("{place}{}: {error}", error.instance_path()))
        .collect()
}

/// The example itself, which may be named by a reference.
fn resolved(example: &Value) -> &Value {
    let name = example["$ref"]
        .as_str()
        .map(|path| path.strip_prefix("#/components/examples/").unwrap());
    name.map_or(example, |name| {
        &spec::document()["components"]["examples"][name]
    })
}

#[test]
fn every_schema_has_an_example_that_it_allows() {
    for (name, schema) in members(&spec::document()["components"]["schemas"]) {
        // A problem has an example for each code; the values of an enumeration are its examples.
        if name == "Problem" || schema["enum"].is_array() {
            continue;
        }
        assert!(
            elements(&schema["examples"]).next().is_some(),
            "{name} has no example"
        );
        let reference = json!({"$ref": format!("#/components/schemas/{name}")});
        for example in elements(&schema["examples"]) {
            assert_eq!(errors(&reference, example, name), Vec::<String>::new());
        }
    }
}

/// Each media type with its place in the document.
fn media_types() -> Vec<(String, &'static Value)> {
    let mut found = Vec::new();
    for (name, operation) in operations(spec::document()) {
        let bodies = members(&operation["requestBody"]["content"])
            .map(|(kind, media)| (format!("its {kind}"), media));
        found.extend(bodies.map(|(place, media)| (format!("{name}, {place}"), media)));
        for (status, response) in members(&operation["responses"]) {
            found.extend(
                members(&response["content"])
                    .map(|(_, media)| (format!("{name}, {status}"), media)),
            );
        }
    }
    found
}

#[test]
fn every_body_has_an_example_that_its_schema_allows() {
    // A dump that is not JSON is bytes, of which there is no example in JSON.
    for (place, media) in media_types()
        .into_iter()
        .filter(|(place, _)| !place.ends_with("application/octet-stream"))
    {
        assert!(
            members(&media["examples"]).next().is_some(),
            "{place} has no example"
        );
        for (name, example) in members(&media["examples"]) {
            let value = &resolved(example)["value"];
            assert!(!value.is_null(), "{place}: the example {name} is not there");
            assert_eq!(
                errors(&media["schema"], value, &place),
                Vec::<String>::new()
            );
        }
    }
}

#[test]
fn every_problem_stands_under_its_status() {
    for (name, operation) in operations(spec::document()) {
        for (status, response) in members(&operation["responses"]) {
            for (code, example) in
                members(&response["content"]["application/problem+json"]["examples"])
            {
                let problem = &resolved(example)["value"];
                let stands = (problem["status"].to_string(), problem["code"].as_str());
                assert_eq!(stands, (status.clone(), Some(code.as_str())), "{name}");
            }
        }
    }
}

#[test]
fn every_parameter_has_an_example_that_its_schema_allows() {
    for (name, operation) in operations(spec::document()) {
        for parameter in elements(&operation["parameters"]) {
            let place = format!("{name}, {}", parameter["name"]);
            assert!(
                parameter["description"]
                    .as_str()
                    .is_some_and(|d| d.ends_with('.')),
                "{place} is not described"
            );
            let example = &parameter["example"];
            assert!(
                !example.is_null() || parameter["required"] == false,
                "{place} has no example"
            );
            if !example.is_null() {
                assert_eq!(
                    errors(&parameter["schema"], example, &place),
                    Vec::<String>::new()
                );
            }
        }
    }
}
