//! Finds secrets in a text, by their prefixes or by the words before them.

mod by_member;
mod by_word;
mod token;

use super::MARKER;
use by_member::by_member;
use by_word::{by_word, is_first};
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
