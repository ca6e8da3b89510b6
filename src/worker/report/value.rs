//! Values of a report: numbers, which may be written as texts, texts without U+0000, and the
//! beginning of a value for a sentence.

use crate::worker::plain_text::plain;
use serde_json::Value;

/// Maximum characters of a value in a sentence.
const MAX_SHOWN_CHARS: usize = 60;

/// Reads a number, which may be written as a text.
pub fn number(value: &Value) -> Option<f64> {
    value
        .as_f64()
        .or_else(|| value.as_str()?.trim().parse().ok())
        .filter(|number| number.is_finite())
}

/// Reads a whole number from 0 to that of an `i32`, which may be written as a text or as a float.
/// `name` begins the sentence about any other value.
pub fn whole(name: &str, value: &Value) -> Result<i32, String> {
    let fits = |number: &f64| (0.0..=f64::from(i32::MAX)).contains(number) && number.fract() == 0.0;
    // The cast is exact for such a number.
    let whole = number(value).filter(fits).map(|number| number as i32);
    whole.ok_or_else(|| {
        format!(
            "{name} is a whole number from 0 to {}, not {}",
            i32::MAX,
            short(value)
        )
    })
}

/// Replaces U+0000, which no database here can hold, by U+FFFD, as the importer does.
pub fn without_nul(value: Value) -> Value {
    let clean = |text: String| {
        if text.contains('\0') {
            text.replace('\0', "\u{fffd}")
        } else {
            text
        }
    };
    match value {
        Value::String(text) => clean(text).into(),
        Value::Array(values) => values.into_iter().map(without_nul).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (clean(name), without_nul(value)))
            .collect(),
        other => other,
    }
}

/// Returns the beginning of a value, for a sentence.
pub fn short(value: &Value) -> String {
    let text = value.to_string();
    let begin = plain(&text, MAX_SHOWN_CHARS);
    if begin.len() < text.len() {
        format!("{begin}…")
    } else {
        begin
    }
}
