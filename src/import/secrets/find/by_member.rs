//! Secrets in members of a JSON text, which may be cut off, or in a string of other JSON.

use super::{
    super::{super::split::Scan, MARKER, is_secret_member},
    TextKind,
};
use std::ops::Range;

/// Finds the value in `"name": "value"` of a JSON text, which may be cut off. JSON in a string has
/// its quotes escaped.
pub fn by_member(text: &str, at: usize, within: TextKind) -> Option<Range<usize>> {
    let in_raw = match within {
        TextKind::Raw => true,
        TextKind::Json => false,
        TextKind::Any | TextKind::Telling => return None,
    };
    let name = &text[at + 1..];
    let name = &name[..name.find('"')?];
    if !is_secret_member(name.trim_end_matches('\\'), in_raw) {
        return None;
    }
    let after = &text[at + name.len() + 2..];
    let value = after.trim_start().strip_prefix(':')?.trim_start();
    let escapes = value.len() - value.trim_start_matches('\\').len();
    let value = &value[escapes..];
    let start = text.len() - value.len();
    let Some(value) = value.strip_prefix('"') else {
        // An unquoted marker would break JSON that is parsed again.
        return in_raw
            .then(|| unquoted(value))?
            .map(|length| start..start + length);
    };
    let start = start + 1;
    let end = start + closing(value, escapes).unwrap_or(value.len());
    (end > start && &text[start..end] != MARKER).then_some(start..end)
}

/// Length of a number, a list or an object, in bytes; `None` for an empty one, and for words, since
/// null is not a secret.
fn unquoted(value: &str) -> Option<usize> {
    let first = *value.as_bytes().first()?;
    match first {
        b'{' | b'[' => {
            let (length, _) = Scan::at(0).advance(value.as_bytes());
            (length > 2).then_some(length)
        }
        b'-' | b'0'..=b'9' => Some(
            value
                .bytes()
                .take_while(|b| b.is_ascii_alphanumeric() || b"-+.".contains(b))
                .count(),
        ),
        _ => None,
    }
}

/// Finds the closing quote of a string whose opening quote had `escapes` backslashes before it.
fn closing(value: &str, escapes: usize) -> Option<usize> {
    value
        .match_indices('"')
        .map(|(at, _)| {
            (
                at,
                value[..at].len() - value[..at].trim_end_matches('\\').len(),
            )
        })
        .find_map(|(at, before)| {
            // Each level of strings in strings doubles the backslashes, and an escaped backslash is
            // two of them.
            let ends = if escapes == 0 {
                before % 2 == 0
            } else {
                before % (2 * (escapes + 1)) == escapes
            };
            ends.then_some(at - escapes.min(before))
        })
}
