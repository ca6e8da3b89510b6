//! Texts that the databases cannot hold unchanged: too long for their column, or with a NUL.

use super::legacy::Legacy;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Replacement of U+0000, which PostgreSQL cannot store in text or JSON: Unicode's replacement
/// character, so that both databases hold the same and a reader sees that a character was there.
const NUL: (char, &str) = ('\0', "\u{fffd}");

/// Cuts a text to the length of its column, in characters, and keeps the whole if that is longer.
pub fn fit(
    value: Option<String>,
    column: &str,
    characters: usize,
    kept: &mut Legacy,
) -> Option<String> {
    let value = value?;
    let Some((end, _)) = value.char_indices().nth(characters) else {
        return Some(value);
    };
    let cut = value[..end].to_owned();
    kept.repair(column, "text_cut_to_its_column", value.into());
    Some(cut)
}

/// Returns the text with each NUL replaced.
pub fn plain(text: &str) -> Cow<'_, str> {
    if text.contains(NUL.0) {
        text.replace(NUL.0, NUL.1).into()
    } else {
        text.into()
    }
}

/// Replaces each NUL in texts and names, and returns the members whose value had one.
pub fn without_nul(record: &mut Map<String, Value>) -> Vec<String> {
    let names: Vec<_> = record
        .keys()
        .filter(|name| name.contains(NUL.0))
        .cloned()
        .collect();
    for name in names {
        if let Some(value) = record.remove(&name) {
            record.insert(name.replace(NUL.0, NUL.1), value);
        }
    }
    record
        .iter_mut()
        .filter_map(|(name, value)| clean(value).then(|| name.clone()))
        .collect()
}

/// Replaces each NUL in the value; false when there is none.
fn clean(value: &mut Value) -> bool {
    match value {
        Value::String(text) if text.contains(NUL.0) => {
            *text = text.replace(NUL.0, NUL.1);
            true
        }
        Value::Array(values) => values
            .iter_mut()
            .fold(false, |any, value| clean(value) | any),
        Value::Object(members) => {
            let in_names = members.keys().any(|name| name.contains(NUL.0));
            !without_nul(members).is_empty() || in_names
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_nul_is_replaced_wherever_it_stands() {
        let mut record = json!({"a": "l\0r", "b": {"c\0": ["\0"]}, "d": 1})
            .as_object()
            .unwrap()
            .clone();
        assert_eq!(without_nul(&mut record), ["a", "b"]);
        assert_eq!(
            Value::Object(record),
            json!({"a": "l\u{fffd}r", "b": {"c\u{fffd}": ["\u{fffd}"]}, "d": 1})
        );
    }

    proptest! {
        #[test]
        fn a_cut_text_fits_its_column_and_the_whole_is_kept(text in ".{0,20}") {
            let mut kept = Legacy::default();
            let cut = fit(Some(text.clone()), "style", 10, &mut kept).unwrap();
            prop_assert!(cut.chars().count() <= 10 && text.starts_with(&cut));
            match kept.into_context() {
                Some(context) => prop_assert_eq!(context["legacy"]["style"].as_str(), Some(text.as_str())),
                None => prop_assert_eq!(cut, text),
            }
        }
    }
}
