//! Rejects of texts that are no record of a known store.

use super::super::{
    json,
    reject::{Reason, Reject},
    sources::SourceKind,
    split::Piece,
};
use serde_json::{Map, Value};

pub fn malformed(piece: &Piece, error: &serde_json::Error) -> Reject {
    let line = piece.line + (error.line() as u64).saturating_sub(1);
    let column = if error.line() <= 1 {
        piece.column + (error.column() as u64).saturating_sub(1)
    } else {
        error.column() as u64
    };
    let why = error.to_string();
    // serde_json ends its message with the position in the record; the user needs that in the file.
    let why = why
        .rsplit_once(" at line ")
        .map_or(why.as_str(), |(why, _)| why);
    Reject::new(
        Reason::MalformedJson,
        format!("The record is not JSON: {why}, in line {line}, column {column}."),
    )
}

pub fn too_many() -> Reject {
    let detail = format!(
        "The values of the record need more than {} MiB of memory, the maximum for one record.",
        json::MAX_VALUE_BYTES >> 20
    );
    Reject::new(Reason::TooLarge, detail)
}

pub fn not_an_object(value: &Value) -> Reject {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    Reject::new(
        Reason::NotAnObject,
        format!("This is {kind} instead of a job object."),
    )
}

pub fn unknown_shape(record: &Map<String, Value>) -> Reject {
    let names: Vec<_> = record
        .keys()
        .take(12)
        .map(|name| name.chars().take(40).collect::<String>())
        .collect();
    let names = if names.is_empty() {
        "none".into()
    } else {
        names.join(", ")
    };
    let detail = format!(
        "The record's fields ({names}) match none of the known stores: {}. Name the store with \
        --from, or import it by a map of its fields, which `callsheet import --explain FILE` \
        proposes.",
        SourceKind::names()
    );
    Reject::new(Reason::UnknownShape, detail)
}
