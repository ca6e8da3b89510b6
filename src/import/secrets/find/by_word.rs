//! Secrets after a word: tokens with the prefix of a service, values after the scheme of a header,
//! and values after a name.

use super::{
    super::MARKER,
    TextKind, tells,
    token::{has_both, is_identifier, is_mixed, looks_random, token},
};
use std::ops::Range;

/// Prefixes of the tokens of well-known services, and the minimum lengths of these tokens in bytes.
const BEGINNINGS: [(&str, usize); 16] = [
    ("sk-", 20),
    ("sk_live_", 20),
    ("sk_test_", 20),
    ("ghp_", 30),
    ("gho_", 30),
    ("ghs_", 30),
    ("github_pat_", 30),
    ("glpat-", 20),
    ("AKIA", 20),
    ("AIza", 35),
    ("ya29.", 20),
    ("xoxb-", 20),
    ("xoxp-", 20),
    ("hf_", 30),
    ("SG.", 30),
    // A JSON Web Token, whose first part is always `{"` in base64.
    ("eyJ", 40),
];

/// Schemes that precede a credential in a header.
const SCHEMES: [&str; 3] = ["bearer ", "basic ", "token "];

/// Names that precede a secret in a URL, a command or a sentence, followed by `=` or `:`.
const NAMED: [&str; 24] = [
    "key",
    "api key",
    "access key",
    "access_key",
    "secret key",
    "secret_key",
    "access token",
    "auth token",
    "api_key",
    "apikey",
    "api-key",
    "x-api-key",
    "token",
    "access_token",
    "auth_token",
    "authorization",
    "password",
    "passwd",
    "pwd",
    "secret",
    "client_secret",
    "signature",
    "x-amz-signature",
    "x-goog-signature",
];

/// Whether a word with this first byte can announce a secret, which makes the search faster.
pub fn is_first(byte: u8) -> bool {
    b"aAbBcCeEgGhHkKpPsStTxXyY".contains(&byte)
}

/// Finds the secret that the word at this byte announces.
pub fn by_word(text: &str, at: usize, within: TextKind) -> Option<Range<usize>> {
    let rest = &text[at..];
    let known = BEGINNINGS
        .iter()
        .find(|(beginning, _)| rest.starts_with(beginning));
    if let Some((_, least)) = known {
        let end = at + token(rest);
        return (end - at >= *least).then_some(at..end);
    }
    let starts = |word: &str| {
        rest.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    if let Some(scheme) = SCHEMES.iter().find(|scheme| starts(scheme)) {
        let start = at + scheme.len();
        let end = start + token(&text[start..]);
        return looks_random(&text[start..end]).then_some(start..end);
    }
    if !tells(within) {
        return None;
    }
    let name = NAMED
        .iter()
        .filter(|name| starts(name))
        .max_by_key(|name| name.len())?;
    let end = at + name.len();
    after_name(text, name, end).or_else(|| after_space(text, name, end))
}

/// Minimum bytes of a password after a space.
const MIN_PASSWORD_BYTES: usize = 6;
/// Minimum bytes of a value after `=`.
const MIN_VALUE_BYTES: usize = 4;

/// Maximum bytes between a name and its value in a sentence: quotes, brackets and `is`.
const MAX_GAP: usize = 6;

/// Finds the value after a name in a sentence, as in `limit exceeded for key 8f7e6d5c4b3a`. Since
/// sentences also name keys that are no secret, the value must look like nothing else.
fn after_space(text: &str, name: &str, at: usize) -> Option<Range<usize>> {
    let rest = &text[at..];
    if !rest.starts_with(' ') {
        return None;
    }
    let plain = |text: &str| {
        text.len()
            - text
                .trim_start_matches([' ', '\'', '"', '`', '(', '\\'])
                .len()
    };
    let mut gap = plain(rest);
    if let Some(after) = rest[gap..].strip_prefix("is ") {
        gap += 3 + plain(after);
    }
    let start = at + gap;
    let value = &text[start..start + token(&text[start..])];
    let value = value.trim_end_matches(['.', '-', '~', '=']);
    let secret = match name {
        _ if gap > MAX_GAP => false,
        "key" => is_mixed(value) && !is_identifier(value),
        "password" | "passwd" | "pwd" => value.len() >= MIN_PASSWORD_BYTES && has_both(value),
        _ => is_mixed(value),
    };
    secret.then_some(start..start + value.len())
}

/// Finds the value after a name and `=` or `:`, with or without quotes. After a colon, which also
/// occurs in sentences, the value must look random.
fn after_name(text: &str, name: &str, mut at: usize) -> Option<Range<usize>> {
    let skip = |at: usize, set: &[u8]| {
        at + text.as_bytes()[at..]
            .iter()
            .take_while(|b| set.contains(b))
            .count()
    };
    at = skip(at, b"'\"\\ ");
    let sign = *text.as_bytes().get(at)?;
    if !matches!(sign, b'=' | b':') {
        return None;
    }
    let start = skip(at + 1, b"'\"\\ ");
    // The word before a colon is common, and each one may look ahead only so far.
    if sign == b':' && name == "key" && !ends_soon(&text[start..]) {
        return None;
    }
    let end = start
        + text[start..]
            .find(|c: char| c.is_whitespace() || "&'\",;)}]\\".contains(c))
            .unwrap_or(text.len() - start);
    let value = &text[start..end];
    let secret = match sign {
        b'=' => value.len() >= MIN_VALUE_BYTES,
        // Items and records have keys too, and the value after their colon is not a secret.
        _ if name == "key" => {
            is_mixed(value) && !is_identifier(value) && !text[..at].ends_with(['"', '\''])
        }
        _ => looks_random(value),
    };
    (secret && value != MARKER && !MARKER.starts_with(value)).then_some(start..end)
}

/// Maximum bytes of the value after `key:`.
const MAX_KEY_BYTES: usize = 200;

/// Whether the value at the beginning of the text is no longer than a key.
fn ends_soon(text: &str) -> bool {
    let start = &text.as_bytes()[..text.len().min(MAX_KEY_BYTES)];
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b"&'\",;)}]\\".contains(byte);
    text.len() <= MAX_KEY_BYTES || start.iter().any(ends)
}
