//! Repairs text that Python's `json` module writes and a JSON parser may refuse: the words NaN,
//! Infinity and -Infinity become null, and unpaired surrogates become U+FFFD. Integers that fit
//! neither a column nor a float become strings. All other bytes stay unchanged.

use super::json::{self, Parsed, Unread};
use crate::{
    mend_json::{mend, quote_large},
    strict_json::MAX_DEPTH,
};
use serde_json::Value;
use std::borrow::Cow;

/// A repaired text, and the rules that changed it.
struct Mended {
    raw: Vec<u8>,
    rules: Vec<&'static str>,
}

/// Repairs the text; `None` when there is nothing to repair.
fn repair(raw: &[u8]) -> Option<Mended> {
    let mended = mend(raw)?;
    let rules = [
        (mended.numbers, "not_a_number_became_null"),
        (mended.surrogates, "half_a_surrogate_pair_replaced"),
    ];
    Some(Mended {
        raw: mended.text,
        rules: rules
            .into_iter()
            .filter_map(|(did, rule)| did.then_some(rule))
            .collect(),
    })
}

/// A parsed JSON text, and its repairs.
pub struct Read<'a> {
    pub value: Value,
    /// The text that was parsed: the original, or the repaired one.
    pub text: Cow<'a, [u8]>,
    /// Rules that changed the text.
    pub rules: Vec<&'static str>,
    /// Names that occur more than once in one object.
    pub repeated: Vec<String>,
    /// Whether the value is nested so deeply that its export could not be read back.
    pub too_deep: bool,
}

impl<'a> Read<'a> {
    fn of(parsed: Parsed, text: Cow<'a, [u8]>, rules: Vec<&'static str>) -> Self {
        let Parsed {
            value,
            repeated,
            depth,
            ..
        } = parsed;
        Self {
            value,
            text,
            rules,
            repeated,
            too_deep: depth > MAX_DEPTH,
        }
    }
}

/// Parses JSON, and repairs it where necessary.
///
/// Errors: those of the original text.
pub fn read(raw: &[u8]) -> Result<Read<'_>, Unread> {
    let read = match json::parse(raw) {
        Ok(parsed) => Ok((Cow::Borrowed(raw), parsed, Vec::new())),
        Err(Unread::TooMany) => Err(Unread::TooMany),
        Err(error) => {
            let mended =
                repair(raw).and_then(|mended| Some((json::parse(&mended.raw).ok()?, mended)));
            mended
                .map(|(parsed, mended)| (Cow::Owned(mended.raw), parsed, mended.rules))
                .ok_or(error)
        }
    };
    let (text, parsed, mut rules) = read?;
    if parsed.large
        && let Some(quoted) = quote_large(&text)
        && let Ok(again) = json::parse(&quoted)
    {
        rules.push("large_number_kept_as_text");
        note_renamed(&again, &mut rules);
        return Ok(Read::of(again, Cow::Owned(quoted), rules));
    }
    note_renamed(&parsed, &mut rules);
    Ok(Read::of(parsed, text, rules))
}

fn note_renamed(parsed: &Parsed, rules: &mut Vec<&'static str>) {
    rules.extend(parsed.renamed.then_some("reserved_name_replaced"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_of_more_than_64_bits_keeps_its_digits() {
        let raw = r#"{"a": [18446744073709551616, -9223372036854775809, 18446744073709551615], "t": "\"18446744073709551616", "f": 1e30, "g": 18446744073709551616.5}"#;
        let parsed = read(raw.as_bytes()).unwrap();
        assert_eq!(parsed.rules, ["large_number_kept_as_text"]);
        assert_eq!(
            parsed.value["a"],
            serde_json::json!(["18446744073709551616", "-9223372036854775809", u64::MAX])
        );
        assert_eq!(parsed.value["t"], "\"18446744073709551616");
        assert_eq!(parsed.value["f"], serde_json::json!(1e30));
        assert!(parsed.value["g"].is_f64());
        assert!(read(b"[1e30, 12]").unwrap().rules.is_empty());
    }
}
