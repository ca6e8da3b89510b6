//! The document: what is committed is what the binary makes, and what it says of itself holds.

mod committed;
mod consumers;
mod examples;
mod operations;
mod references;

use serde_json::Value;

/// Every operation of the document with its path and method.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let of_path = |(path, item): (&String, &'_ Value)| {
        item.as_object()
            .unwrap()
            .keys()
            .map(|method| (path.clone(), method.clone()))
            .collect::<Vec<_>>()
    };
    let names = paths.flat_map(of_path);
    names
        .map(|(path, method)| {
            (
                format!("{method} {path}"),
                &document["paths"][&path][&method],
            )
        })
        .collect()
}

/// The members of an object; none of what is not one.
fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn elements(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
