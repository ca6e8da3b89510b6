//! The renderings: references that lead somewhere, and a 3.0.3 without words of 3.1.

use super::{elements, members};
use callsheet::api::spec;
use serde_json::Value;

fn renderings() -> [(&'static str, Value); 3] {
    let read = |text: String| serde_json::from_str(&text).unwrap();
    [
        ("3.1.0", read(spec::json())),
        ("3.1.0", yaml_serde::from_str(&spec::yaml()).unwrap()),
        ("3.0.3", read(spec::json_3_0())),
    ]
}

/// Calls the function with every object of the document.
fn each_object<'a>(value: &'a Value, see: &mut impl FnMut(&'a Value)) {
    if value.is_object() {
        see(value);
    }
    members(value)
        .map(|(_, member)| member)
        .chain(elements(value))
        .for_each(|member| each_object(member, see));
}

#[test]
fn each_rendering_names_its_version() {
    for (version, document) in renderings() {
        assert_eq!(document["openapi"], version);
        assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    }
    let [(_, json), (_, yaml), _] = renderings();
    assert_eq!(json, yaml);
}

#[test]
fn every_reference_leads_to_something_and_everything_is_referred_to() {
    for (version, document) in renderings() {
        let mut used = Vec::new();
        each_object(&document, &mut |object| {
            if let Some(reference) = object["$ref"].as_str() {
                let pointer = reference.strip_prefix('#').expect(reference);
                assert!(
                    document.pointer(pointer).is_some(),
                    "{version}: {reference}"
                );
                used.push(pointer.to_owned());
            }
        });
        for kind in ["schemas", "examples"] {
            for (name, _) in members(&document["components"][kind]) {
                assert!(
                    used.contains(&format!("/components/{kind}/{name}")),
                    "{version}: nobody uses {name} of {kind}"
                );
            }
        }
    }
}

#[test]
fn the_older_version_has_no_words_of_the_newer_one() {
    let [_, _, (_, document)] = renderings();
    each_object(&document, &mut |object| {
        assert!(!object["type"].is_array(), "{object}");
        assert!(!object["examples"].is_array(), "{object}");
        for word in ["propertyNames", "const", "$schema", "identifier"] {
            assert!(
                object.get(word).is_none() || object[word]["type"].is_string(),
                "{word}: {object}"
            );
        }
        // Beside a reference nothing counts there.
        assert!(
            object.get("$ref").is_none() || object.as_object().unwrap().len() == 1,
            "{object}"
        );
    });
}
