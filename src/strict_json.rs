//! JSON that comes from outside, read so that nothing of it changes and all of it can be given out
//! again.

pub use crate::json_scan::RESERVED_NAME;

use crate::{error::FieldError, json_scan::changed_by_parser};
use serde_json::Value;

/// Maximum nesting of lists and objects. The parser takes 127 levels, and an answer nests a value a
/// few levels deeper than the call did that brought it.
pub const MAX_DEPTH: usize = 120;

/// Reason why a text cannot be taken.
#[derive(Debug)]
pub enum JsonError {
    Malformed(serde_json::Error),
    Invalid(Vec<FieldError>),
}

/// Reads a text.
///
/// Errors: `integer_too_long` for an integer beyond 64 bits, `nested_too_deep` beyond
/// [`MAX_DEPTH`], and `name_reserved`.
pub fn read(json: &[u8]) -> Result<Value, JsonError> {
    let value = serde_json::from_slice(json).map_err(JsonError::Malformed)?;
    let mut errors = changed_by_parser(json);
    if depth(&value) > MAX_DEPTH {
        let detail = format!("Nest lists and objects at most {MAX_DEPTH} levels deep.");
        errors.push(FieldError::at("", "nested_too_deep", detail));
    }
    match errors.is_empty() {
        true => Ok(value),
        false => Err(JsonError::Invalid(errors)),
    }
}

/// Reads a text for a person, with one sentence as error.
pub fn read_or_say(json: &[u8]) -> Result<Value, String> {
    read(json).map_err(|error| match error {
        JsonError::Malformed(error) => format!("it is not JSON: {error}"),
        JsonError::Invalid(errors) => crate::error::Error::Invalid(errors).to_string(),
    })
}

fn depth(value: &Value) -> usize {
    let below = match value {
        Value::Array(values) => values.iter().map(depth).max(),
        Value::Object(members) => members.values().map(depth).max(),
        _ => return 0,
    };
    1 + below.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_120_levels_are_taken_and_deeper_ones_are_not() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(read(nested(MAX_DEPTH).as_bytes()).is_ok());
        let refused = read_or_say(nested(MAX_DEPTH + 1).as_bytes()).unwrap_err();
        assert_eq!(refused, "Nest lists and objects at most 120 levels deep.");
        assert!(read_or_say(b"[").unwrap_err().starts_with("it is not JSON"));
    }
}
