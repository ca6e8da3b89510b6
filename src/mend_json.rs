//! Text that is almost JSON, as Python's `json` module and others write it. The words NaN, Infinity
//! and -Infinity, and numbers beyond the range of a float, become null; unpaired surrogates become
//! U+FFFD; integers that fit neither 64 bits nor a float become texts. All other bytes stay
//! unchanged.

/// A text that was changed, and what was changed in it.
pub struct Mended {
    pub text: Vec<u8>,
    /// Whether a number that JSON does not have became null.
    pub numbers: bool,
    /// Whether an unpaired surrogate was replaced.
    pub surrogates: bool,
}

const WORDS: [&[u8]; 3] = [b"NaN", b"Infinity", b"-Infinity"];

/// Returns the text with its repairs; `None` if there is nothing to repair.
pub fn mend(raw: &[u8]) -> Option<Mended> {
    let mut mended = Mended {
        text: Vec::with_capacity(raw.len()),
        numbers: false,
        surrogates: false,
    };
    let (mut i, mut in_text) = (0, false);
    while let Some(&byte) = raw.get(i) {
        let rest = &raw[i..];
        let (used, replacement): (usize, Option<&[u8]>) = match byte {
            b'"' => {
                in_text = !in_text;
                (1, None)
            }
            b'\\' if in_text => match surrogate(rest) {
                Surrogate::Pair => (12, None),
                Surrogate::Half => (6, Some(b"\\ufffd")),
                Surrogate::None => (2, None),
            },
            _ if in_text => (1, None),
            b'-' | b'N' | b'I' | b'0'..=b'9' => match no_number(rest) {
                (used, true) => (used, Some(b"null")),
                (used, false) => (used, None),
            },
            _ => (1, None),
        };
        let used = used.min(rest.len());
        mended
            .text
            .extend_from_slice(replacement.unwrap_or(&rest[..used]));
        mended.numbers |= replacement == Some(b"null");
        mended.surrogates |= replacement.is_some_and(|text| text != b"null");
        i += used;
    }
    (mended.numbers || mended.surrogates).then_some(mended)
}

/// Returns the length of the word or number at the beginning of the text, and whether it has to
/// become null.
fn no_number(text: &[u8]) -> (usize, bool) {
    if let Some(word) = WORDS.iter().find(|word| text.starts_with(word)) {
        return (word.len(), true);
    }
    let is_part = |byte: &&u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    let length = text.iter().take_while(is_part).count().max(1);
    let number = std::str::from_utf8(&text[..length])
        .ok()
        .and_then(|number| number.parse::<f64>().ok());
    (length, number.is_some_and(f64::is_infinite))
}

/// Quotes integers of more than 64 bits, which Python supports: a float would lose their last
/// digits. Returns `None` when there are none.
pub fn quote_large(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() + 16);
    let (mut i, mut in_text, mut any) = (0, false, false);
    while let Some(&byte) = text.get(i) {
        let mut used = 1;
        if in_text && byte == b'\\' {
            used = 2;
        } else if byte == b'"' {
            in_text = !in_text;
        } else if !in_text && (byte == b'-' || byte.is_ascii_digit()) {
            used = text[i..]
                .iter()
                .take_while(|b| b.is_ascii_digit() || b"+-.eE".contains(b))
                .count();
        }
        let piece = &text[i..text.len().min(i + used)];
        let whole = piece.len() > 18 && piece.iter().skip(1).all(u8::is_ascii_digit);
        let digits = std::str::from_utf8(piece).ok().filter(|_| whole);
        let large = digits
            .is_some_and(|digits| digits.parse::<i64>().is_err() && digits.parse::<u64>().is_err());
        if large {
            out.push(b'"');
        }
        out.extend_from_slice(piece);
        if large {
            out.push(b'"');
        }
        any |= large;
        i += used;
    }
    any.then_some(out)
}

enum Surrogate {
    None,
    Half,
    Pair,
}

fn surrogate(escape: &[u8]) -> Surrogate {
    match unit(escape) {
        Some(0xd800..=0xdbff) => match escape.get(6..).and_then(unit) {
            Some(0xdc00..=0xdfff) => Surrogate::Pair,
            _ => Surrogate::Half,
        },
        Some(0xdc00..=0xdfff) => Surrogate::Half,
        _ => Surrogate::None,
    }
}

/// Decodes the code unit of a `\uXXXX` escape.
fn unit(escape: &[u8]) -> Option<u16> {
    let digits = escape.strip_prefix(b"\\u")?.get(..4)?;
    let digits = std::str::from_utf8(digits)
        .ok()
        .filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mended(raw: &str) -> Option<String> {
        mend(raw.as_bytes()).map(|m| String::from_utf8(m.text).unwrap())
    }

    #[test]
    fn words_outside_of_texts_become_null() {
        let raw = r#"{"a": NaN, "b": [-Infinity, Infinity], "c": "NaN \" NaN"}"#;
        assert_eq!(
            mended(raw).unwrap(),
            r#"{"a": null, "b": [null, null], "c": "NaN \" NaN"}"#
        );
    }

    #[test]
    fn numbers_beyond_a_float_become_null_and_others_stay() {
        assert_eq!(
            mended(r#"{"a": 1e999, "b": [-1E+400,1], "c": "1e999"}"#).unwrap(),
            r#"{"a": null, "b": [null,1], "c": "1e999"}"#
        );
        assert_eq!(mended("[1e308, -5, 1e-999, 12345678901234567890123]"), None);
    }

    #[test]
    fn halves_of_pairs_are_replaced_and_pairs_are_not() {
        assert_eq!(
            mended(r#""\ud83d and \\ud83d \uD83D\uDE00 \ude00""#).unwrap(),
            r#""\ufffd and \\ud83d \uD83D\uDE00 \ufffd""#
        );
        assert_eq!(
            mended(r#""\ud83d\ud83d\ude00""#).unwrap(),
            r#""\ufffd\ud83d\ude00""#
        );
    }

    #[test]
    fn an_integer_of_more_than_64_bits_becomes_a_text() {
        let quoted = |raw: &str| quote_large(raw.as_bytes()).map(|q| String::from_utf8(q).unwrap());
        assert_eq!(
            quoted(r#"{"a": [18446744073709551616, -9223372036854775809, 1]}"#).unwrap(),
            r#"{"a": ["18446744073709551616", "-9223372036854775809", 1]}"#
        );
        assert_eq!(
            quoted(r#"[18446744073709551615, "18446744073709551616", 1e30]"#),
            None
        );
    }

    proptest! {
        #[test]
        fn what_a_reader_takes_is_left_alone(text in ".*") {
            let raw = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(mended(&raw), None);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, text in r#"[\\ud8cf"N-aI1e+]{0,30}"#) {
            mend(&bytes);
            mend(text.as_bytes());
        }
    }
}
