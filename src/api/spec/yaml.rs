//! JSON printed as YAML 1.2 that YAML 1.1 parsers read the same way: a text is unquoted only if it
//! has no other meaning.

use serde_json::{Map, Value};

/// Returns the value as a YAML document.
pub fn print(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Object(members) if !members.is_empty() => object(members, 0, "", &mut text),
        Value::Array(values) if !values.is_empty() => array(values, 0, &mut text),
        scalar => {
            text.push_str(&of_scalar(scalar, 0));
            text.push('\n');
        }
    }
    text
}

/// Prints the members, each on its own line; the first one follows the text that the line begins
/// with.
fn object(members: &Map<String, Value>, depth: usize, begun: &str, text: &mut String) {
    let mut begin = begun.to_owned();
    for (name, value) in members {
        text.push_str(&begin);
        text.push_str(&word(name));
        text.push(':');
        match value {
            Value::Object(members) if !members.is_empty() => {
                text.push('\n');
                object(members, depth + 1, &indent(depth + 1), text);
            }
            Value::Array(values) if !values.is_empty() => {
                text.push('\n');
                array(values, depth, text);
            }
            scalar => {
                text.push(' ');
                text.push_str(&of_scalar(scalar, depth + 1));
                text.push('\n');
            }
        }
        begin = indent(depth);
    }
}

fn array(values: &[Value], depth: usize, text: &mut String) {
    for value in values {
        text.push_str(&indent(depth));
        text.push_str("- ");
        match value {
            Value::Object(members) if !members.is_empty() => object(members, depth + 1, "", text),
            // A nested list is rare: it is written as JSON, which is valid YAML.
            Value::Array(_) => text.push_str(&format!("{value}\n")),
            scalar => text.push_str(&format!("{}\n", of_scalar(scalar, depth + 1))),
        }
    }
}

fn indent(depth: usize) -> String {
    "  ".repeat(depth)
}

fn of_scalar(value: &Value, depth: usize) -> String {
    match value {
        Value::String(text) if is_block(text) => {
            let lines = text.lines().map(|line| match line.is_empty() {
                true => String::new(),
                false => format!("{}{line}", indent(depth)),
            });
            format!("|-\n{}", lines.collect::<Vec<_>>().join("\n"))
        }
        Value::String(text) => word(text),
        other => other.to_string(),
    }
}

/// Returns whether a text of several lines can be a block without escapes.
fn is_block(text: &str) -> bool {
    text.contains('\n')
        && !text.ends_with('\n')
        && !text.starts_with([' ', '\n'])
        && text.chars().all(|c| c == '\n' || is_printable(c))
        && text.lines().all(|line| !line.ends_with(' '))
}

fn is_printable(c: char) -> bool {
    !c.is_control()
        && !matches!(
            c,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}

/// Returns a text of one line: plain, in single quotes, or as JSON.
fn word(text: &str) -> String {
    if !text.chars().all(is_printable) {
        let signs = Value::from(text).to_string();
        let sign = |c: char| {
            if is_printable(c) {
                c.to_string()
            } else {
                format!("\\u{:04x}", u32::from(c))
            }
        };
        return signs.chars().map(sign).collect();
    }
    if is_plain(text) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

/// Returns whether a plain text would be read as this text, not as a number, a boolean or YAML
/// syntax.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let begins =
        text.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '$' | '_'));
    begins
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !WORDS.contains(&text.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(value: &Value) -> Value {
        yaml_serde::from_str(&print(value))
            .unwrap_or_else(|error| panic!("{error}: {}", print(value)))
    }

    #[test]
    fn what_means_something_else_in_yaml_stays_a_text() {
        let texts = [
            "",
            " ",
            "true",
            "No",
            "null",
            "~",
            "1",
            "1e3",
            "0x1f",
            "-",
            "- a",
            "a: b",
            "a:",
            "a #b",
            "#a",
            "&a",
            "*a",
            "'a'",
            "\"a\"",
            "a\nb",
            "a\n",
            "\na",
            " a\nb",
            "a \nb",
            "a\n\nb",
            "2026-01-01",
            "[a]",
            "{a}",
            "%a",
            "@a",
            "`a`",
            "a\u{1}b",
            "a\u{2028}b",
            "a\tb",
            "?",
            ": ",
            "!!str a",
            "a\r\nb",
            "=",
            "<<",
            ".inf",
            "12:30:00",
            "é",
        ];
        for text in texts {
            let value = json!({"member": text, text: 1, "list": [text, {"in": text}, [text]]});
            assert_eq!(read(&value), value, "{}", print(&value));
        }
        for value in [
            json!({}),
            json!([]),
            json!({"a": {}, "b": [], "c": [[], {}]}),
            json!("a"),
            json!(null),
        ] {
            assert_eq!(read(&value), value, "{}", print(&value));
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back(name in ".*", text in "(?s).*", lines in "[ a:#\\-\n']{0,12}") {
            let value = json!({name: {"text": text, "lines": [lines]}});
            prop_assert_eq!(read(&value), value);
        }
    }
}
