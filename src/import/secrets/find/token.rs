//! Tokens of a text, and how to tell those that look random from words, paths and dates.

/// Minimum bytes of a token that looks random because of its digits.
const LEAST_BYTES: usize = 8;
/// Minimum bytes of a token that looks random whatever it consists of.
const SURE_BYTES: usize = 20;

/// Length of the token at the beginning of the text, in bytes.
pub fn token(text: &str) -> usize {
    text.bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || b"-_.~+/=".contains(b))
        .count()
}

/// Whether a token looks random: words are short and have no digits.
pub fn looks_random(token: &str) -> bool {
    token.len() >= SURE_BYTES
        || (token.len() >= LEAST_BYTES && token.bytes().any(|b| b.is_ascii_digit()))
}

/// Whether a token has digits and letters.
pub fn has_both(token: &str) -> bool {
    token.bytes().any(|b| b.is_ascii_digit()) && token.bytes().any(|b| b.is_ascii_alphabetic())
}

/// Whether a token has digits and letters, and no sign of a path, a date or an address.
pub fn is_mixed(token: &str) -> bool {
    let first = token.split('-').next().unwrap_or_default();
    let is_date = first.len() == 4 && first.bytes().all(|b| b.is_ascii_digit());
    token.len() >= LEAST_BYTES && has_both(token) && !token.contains('/') && !is_date
}

/// Whether a token consists of words and numbers, such as `shot_0012`.
pub fn is_identifier(token: &str) -> bool {
    let all = |part: &str, kind: fn(&u8) -> bool| part.bytes().all(|byte| kind(&byte));
    token
        .split(['_', '.', '-'])
        .all(|part| all(part, u8::is_ascii_alphabetic) || all(part, u8::is_ascii_digit))
}
