//! Escaping of untrusted text, shared by all interfaces. Such text may steer a terminal, forge a
//! line of the log, or appear in another order than it has. Characters that do so are written as
//! `\u001b`, as in JSON.

use std::borrow::Cow;

/// Returns the text in one line, with control characters and direction marks escaped.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if steers(c) => shown.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// Returns the text with each of its lines escaped.
pub fn printable_lines(text: &str) -> String {
    text.lines().map(printable).collect::<Vec<_>>().join("\n")
}

/// Returns whether the character has to be escaped: controls (C0, DEL, C1), Unicode line
/// separators, and marks that change the direction of text.
pub fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_steers_a_terminal_or_turns_text_around_is_escaped() {
        assert_eq!(
            printable("\x1b]0;x\x07 a\nb\r\t"),
            "\\u001b]0;x\\u0007 a\\nb\\r\\t"
        );
        assert_eq!(
            printable("\u{7f}\u{9b}31m\u{85}"),
            "\\u007f\\u009b31m\\u0085"
        );
        for c in "\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2066}\u{2069}".chars() {
            assert_eq!(
                printable(&c.to_string()),
                format!("\\u{:04x}", u32::from(c))
            );
        }
        assert_eq!(
            printable("Füchse 🦊 “zitiert” שלום\u{200d}"),
            "Füchse 🦊 “zitiert” שלום\u{200d}"
        );
        assert_eq!(printable_lines("a\x1b\nb"), "a\\u001b\nb");
    }

    proptest! {
        #[test]
        fn json_stays_the_same_json(text in "(?s).*") {
            let json = serde_json::Value::from(text);
            let shown = printable(&json.to_string()).into_owned();
            prop_assert!(!shown.contains(steers));
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), json);
        }
    }
}
