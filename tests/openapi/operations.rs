//! Every operation says what a client has to know of it.

use super::{elements, members, operations};
use callsheet::api::{contracts, spec};
use serde_json::Value;
use std::collections::BTreeSet;

fn ids() -> Vec<&'static str> {
    operations(spec::document())
        .iter()
        .map(|(name, o)| o["operationId"].as_str().expect(name))
        .collect()
}

#[test]
fn the_contract_lists_the_operations_of_the_document_and_no_others() {
    let listed: BTreeSet<_> = contracts().map(|operation| operation.id).collect();
    assert_eq!(
        listed.len(),
        contracts().count(),
        "an operation stands twice"
    );
    assert_eq!(ids().into_iter().collect::<BTreeSet<_>>(), listed);
    assert_eq!(ids().len(), listed.len(), "an operationId stands twice");
}

#[test]
fn every_operation_is_described() {
    let tags: Vec<_> = elements(&spec::document()["tags"])
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    for tag in elements(&spec::document()["tags"]) {
        assert!(tag["description"].is_string(), "{tag}");
    }
    for (name, operation) in operations(spec::document()) {
        let text = |field: &str| operation[field].as_str().unwrap_or_default();
        let id = text("operationId");
        assert!(
            id.bytes()
                .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'))
                && !id.is_empty(),
            "{name}: {id}"
        );
        assert!(
            !text("summary").is_empty() && !text("summary").ends_with('.'),
            "{name}: {}",
            text("summary")
        );
        assert!(
            text("description").ends_with('.'),
            "{name}: {}",
            text("description")
        );
        let tagged: Vec<_> = elements(&operation["tags"])
            .map(|tag| tag.as_str().unwrap())
            .collect();
        assert!(
            tagged.len() == 1 && tags.contains(&tagged[0]),
            "{name}: {tagged:?}"
        );
    }
}

#[test]
fn every_operation_has_an_answer_and_its_problems() {
    for (name, operation) in operations(spec::document()) {
        let statuses: Vec<_> = members(&operation["responses"])
            .map(|(status, _)| status.as_str())
            .collect();
        assert!(
            statuses.iter().any(|status| status.starts_with('2')),
            "{name}: {statuses:?}"
        );
        for (status, response) in members(&operation["responses"]) {
            assert!(
                response["description"]
                    .as_str()
                    .is_some_and(|d| !d.is_empty()),
                "{name}, {status}"
            );
            let kinds: Vec<_> = members(&response["content"])
                .map(|(kind, _)| kind.as_str())
                .collect();
            match (status.as_str(), kinds.as_slice()) {
                ("204" | "304", []) => {}
                ("200" | "201" | "202", ["application/json"]) | ("200", ["text/event-stream"]) => {}
                (status, ["application/problem+json"]) if status.starts_with(['4', '5']) => {}
                _ => panic!("{name}, {status}: {kinds:?}"),
            }
        }
        let has = |status: &str, header: &str| {
            members(&operation["responses"][status]["headers"])
                .any(|(name, _)| name.eq_ignore_ascii_case(header))
        };
        assert!(has("405", "Allow") && has("503", "Retry-After"), "{name}");
        assert_eq!(has("201", "Location"), statuses.contains(&"201"), "{name}");
    }
}

/// Requests of older services, which ignored what they did not know.
const LEGACY: [&str; 6] = [
    "EditShot",
    "GenerateIdea",
    "GenerateScript",
    "GenerateVideo",
    "PipelineIdea",
    "PipelineScript",
];

#[test]
fn every_body_is_closed_but_those_of_older_calls() {
    let document = spec::document();
    let mut bodies = 0;
    for (_, methods) in members(&document["paths"]) {
        for (_, operation) in members(methods) {
            let body = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
            let Some(name) = body.as_str().and_then(|r| r.rsplit('/').next()) else {
                continue;
            };
            bodies += 1;
            let is_closed =
                document["components"]["schemas"][name]["additionalProperties"] == false;
            assert_eq!(is_closed, !LEGACY.contains(&name), "{name}");
        }
    }
    assert!(bodies > 30, "{bodies}");
}

#[test]
fn what_a_client_may_send_is_closed_and_what_it_gets_is_complete() {
    for (name, schema) in members(&spec::document()["components"]["schemas"]) {
        if name == "Problem" || name == "FieldProblem" || schema["type"] != "object" {
            continue;
        }
        let required: BTreeSet<&str> = elements(&schema["required"])
            .filter_map(Value::as_str)
            .collect();
        let optional: Vec<_> = members(&schema["properties"])
            .filter(|(field, _)| !required.contains(&***field))
            // Only a job that names a URL has one, and a reference cannot be null.
            .filter(|(field, schema)| *field != "webhook" || schema["$ref"].is_null())
            .collect();
        let closed = schema["additionalProperties"] == false;
        let is_legacy = LEGACY.contains(&name.as_str());
        // In a summary the large fields are left out, what was refused has no status, counts and
        // tokens of jobs come when asked for, only an archived job says since when it is one, and
        // Redis is there only if it is configured.
        let may_lack = matches!(
            name.as_str(),
            "JobWithShots"
                | "ListedJob"
                | "OutcomeAnswer"
                | "Series"
                | "Episode"
                | "Lease"
                | "Caches"
        );
        assert!(
            closed || is_legacy || optional.is_empty() || may_lack,
            "{name} may lack {optional:?}"
        );
    }
}
