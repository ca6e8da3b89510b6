//! Finds secrets in a text, by their prefixes or by the words before them.

use super::{super::split::Scan, MARKER, is_secret_member};
use std::ops::Range;

/// Kind of a text, which decides how much of it counts as a secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TextKind {
    /// Any text: only values that can be nothing but a secret.
    Any,
    /// JSON in a string: also the values of members with a secret's name.
    Json,
    /// Text of an error: also values after `token=` and similar names.
    Telling,
    /// Raw text of a record, whole or cut off: all of the above.
    Raw,
}

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

/// Whether the text may contain an error message.
fn tells(within: TextKind) -> bool {
    matches!(within, TextKind::Telling | TextKind::Raw)
}

/// Finds the first secret from the byte `from` on.
pub fn find(text: &str, from: usize, within: TextKind) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let begins = |at: usize| at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
    // Each search finds a secret at its position or after it, never before.
    (from..bytes.len())
        .filter(|at| text.is_char_boundary(*at))
        .find_map(|at| {
            let word = (is_first(bytes[at]) && begins(at))
                .then(|| by_word(text, at, within))
                .flatten();
            let member = || {
                (bytes[at] == b'"')
                    .then(|| by_member(text, at, within))
                    .flatten()
            };
            let address = || {
                (bytes[at] == b':' && tells(within))
                    .then(|| by_address(text, at))
                    .flatten()
            };
            word.or_else(member).or_else(address)
        })
}

/// Whether a word with this first byte can announce a secret, which makes the search faster.
fn is_first(byte: u8) -> bool {
    b"aAbBcCeEgGhHkKpPsStTxXyY".contains(&byte)
}

fn by_word(text: &str, at: usize, within: TextKind) -> Option<Range<usize>> {
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
        "password" | "passwd" | "pwd" => value.len() >= 6 && has_both(value),
        _ => is_mixed(value),
    };
    secret.then_some(start..start + value.len())
}

fn has_both(token: &str) -> bool {
    token.bytes().any(|b| b.is_ascii_digit()) && token.bytes().any(|b| b.is_ascii_alphabetic())
}

/// Whether a token has digits and letters, and no sign of a path, a date or an address.
fn is_mixed(token: &str) -> bool {
    let first = token.split('-').next().unwrap_or_default();
    let is_date = first.len() == 4 && first.bytes().all(|b| b.is_ascii_digit());
    token.len() >= 8 && has_both(token) && !token.contains('/') && !is_date
}

/// Whether a token consists of words and numbers, such as `shot_0012`.
fn is_identifier(token: &str) -> bool {
    let all = |part: &str, kind: fn(&u8) -> bool| part.bytes().all(|byte| kind(&byte));
    token
        .split(['_', '.', '-'])
        .all(|part| all(part, u8::is_ascii_alphabetic) || all(part, u8::is_ascii_digit))
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
        b'=' => value.len() >= 4,
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

/// Finds the value in `"name": "value"` of a JSON text, which may be cut off. JSON in a string has
/// its quotes escaped.
fn by_member(text: &str, at: usize, within: TextKind) -> Option<Range<usize>> {
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

/// Finds the password in `scheme://user:password@host`.
fn by_address(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = text[at..].strip_prefix("://")?;
    let authority = &rest[..rest
        .find(|c: char| c.is_whitespace() || "/?#'\"".contains(c))
        .unwrap_or(rest.len())];
    let (user, _) = authority.rsplit_once('@')?;
    let (name, password) = user.split_once(':')?;
    let start = at + 3 + name.len() + 1;
    (!password.is_empty() && password != MARKER && password != "***")
        .then_some(start..start + password.len())
}

/// Length of the token at the beginning of the text, in bytes.
fn token(text: &str) -> usize {
    text.bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || b"-_.~+/=".contains(b))
        .count()
}

/// Whether a token looks random: words are short and have no digits.
fn looks_random(token: &str) -> bool {
    token.len() >= 20 || (token.len() >= 8 && token.bytes().any(|b| b.is_ascii_digit()))
}
