//! Text of a program's line: the part of it that a terminal would show, and plain characters.

/// Returns the text without a byte order mark, without blanks and colours around it, and without
/// what a terminal would show no more: a progress bar before a carriage return.
pub fn visible(text: &str) -> &str {
    let text = bare(text);
    if text.starts_with('{') {
        return text;
    }
    let mut lines = text.match_indices('\r').map(|(at, _)| bare(&text[at..]));
    lines.find(|line| line.starts_with('{')).unwrap_or(text)
}

fn bare(text: &str) -> &str {
    let mut text = text.trim_matches(is_blank);
    while let Some(rest) = text.strip_prefix("\x1b[") {
        let Some(end) = rest.find(|c: char| c.is_ascii_alphabetic()) else {
            break;
        };
        text = rest[end + 1..].trim_matches(is_blank);
    }
    text
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}' || c == '\0'
}

/// Returns up to `most` characters, with spaces instead of control characters other than tabs:
/// those could steer a terminal, and a database may reject them.
pub fn plain(text: &str, most: usize) -> String {
    text.chars()
        .take(most)
        .map(|c| if c.is_control() && c != '\t' { ' ' } else { c })
        .collect()
}
