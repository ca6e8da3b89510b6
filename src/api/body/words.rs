//! Conversion of schema errors to field errors, with sentences that say what to do.

use crate::{api::spec::VISIBLE, error::FieldError, jobs::JsonPath};
use jsonschema::{
    ValidationError,
    error::{TypeKind, ValidationErrorKind as Kind},
};
use serde_json::Value;

pub fn words(error: &ValidationError, spot: &JsonPath) -> FieldError {
    let at = |code, detail: String| FieldError::at(spot.to_string(), code, detail);
    match error.kind() {
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let pointer = JsonPath::Member(spot, name).to_string();
            FieldError::at(pointer, "required", "Required field; add it.")
        }
        Kind::Type { kind } => at("wrong_type", format!("Wrong type; use {}.", kinds(kind))),
        Kind::MaxLength { limit } => at("too_long", format!("Use at most {limit} characters.")),
        Kind::MinLength { limit } => at("too_short", format!("Use at least {limit} characters.")),
        Kind::Maximum { limit } => at(
            "out_of_range",
            format!("Use a number of at most {}.", plain(limit)),
        ),
        Kind::Minimum { limit } => at(
            "out_of_range",
            format!("Use a number of at least {}.", plain(limit)),
        ),
        Kind::MaxItems { limit } => at("too_many", format!("Give at most {limit} of these.")),
        Kind::MinItems { limit } => at("too_few", format!("Give at least {limit} of these.")),
        Kind::MaxProperties { limit } => at("too_many", format!("Give at most {limit} of these.")),
        Kind::MinProperties { limit } => at("too_few", format!("Give at least {limit} of these.")),
        Kind::Enum { options } => at("unknown_value", format!("Use one of {options}.")),
        Kind::AnyOf { .. } if matches!(spot, JsonPath::Element(..)) => at(
            "nothing_given",
            "Name the item by its key or idx.".to_owned(),
        ),
        Kind::AnyOf { .. } => at(
            "nothing_given",
            "At least one of two fields is required: see the schema in /openapi.json.".to_owned(),
        ),
        Kind::Pattern { pattern } if pattern == VISIBLE => at(
            "invalid_name",
            "Use visible characters: at least one, and no control characters.".to_owned(),
        ),
        Kind::Pattern { pattern } if pattern.starts_with(r"^[^\u0000") => at(
            "nul_character",
            "Remove the control characters, such as NUL (U+0000).".to_owned(),
        ),
        Kind::Pattern { pattern } => at(
            "invalid_format",
            format!("Use a text that matches {pattern}."),
        ),
        Kind::Format { format } => at(
            "invalid_format",
            format!("Use a {format}, e.g. {}.", example_of(format)),
        ),
        other => at(
            "invalid",
            format!(
                "This value violates the schema's rule {}: see /openapi.json.",
                other.keyword()
            ),
        ),
    }
}

fn kinds(kind: &TypeKind) -> String {
    let names: Vec<String> = match kind {
        TypeKind::Single(one) => vec![one.to_string()],
        TypeKind::Multiple(set) => set.iter().map(|one| one.to_string()).collect(),
    };
    let words: Vec<_> = names
        .iter()
        .filter(|name| *name != "null")
        .map(|name| word_for(name))
        .collect();
    words.join(" or ")
}

fn word_for(kind: &str) -> &'static str {
    match kind {
        "array" => "a list",
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        "object" => "an object",
        _ => "a text",
    }
}

/// Formats a whole number without decimals: 100 rather than 100.0.
fn plain(limit: &Value) -> String {
    limit.to_string().trim_end_matches(".0").to_owned()
}

fn example_of(format: &str) -> &'static str {
    match format {
        "date-time" => "2026-01-31T12:00:00Z",
        _ => "as in /openapi.json",
    }
}
