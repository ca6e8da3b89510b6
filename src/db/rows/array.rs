//! Array literals of PostgreSQL, by which one bound value holds a column of any number of rows.

use sea_orm::Value;

/// Formats the values as an array literal of PostgreSQL, such as `{1,NULL,"text"}`.
pub(super) fn array(values: impl Iterator<Item = Value>) -> String {
    let mut text = String::from("{");
    for value in values {
        if text.len() > 1 {
            text.push(',');
        }
        element(value, &mut text);
    }
    text.push('}');
    text
}

fn element(value: Value, text: &mut String) {
    match value {
        Value::String(Some(s)) => quoted(&s, text),
        Value::Json(Some(json)) => quoted(&json.to_string(), text),
        Value::ChronoDateTimeUtc(Some(time)) => quoted(&time.to_rfc3339(), text),
        Value::SmallInt(Some(n)) => text.push_str(&n.to_string()),
        Value::Int(Some(n)) => text.push_str(&n.to_string()),
        Value::BigInt(Some(n)) => text.push_str(&n.to_string()),
        Value::Double(Some(n)) => text.push_str(&n.to_string()),
        // No column has another type; a test inserts into every column that exists.
        _ => text.push_str("NULL"),
    }
}

fn quoted(value: &str, text: &mut String) {
    text.reserve(value.len() + 2);
    text.push('"');
    for part in value.split_inclusive(['"', '\\']) {
        match part.strip_suffix(['"', '\\']) {
            Some(plain) => {
                text.push_str(plain);
                text.push('\\');
                text.push_str(&part[plain.len()..]);
            }
            None => text.push_str(part),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_array_means_by_itself_is_escaped() {
        let values = ["a", "", "NULL", r#"{"b": "c\d"},"#].map(Value::from);
        let text =
            array(
                values
                    .into_iter()
                    .chain([Value::String(None), 7i32.into(), 0.1f64.into()]),
            );
        assert_eq!(text, r#"{"a","","NULL","{\"b\": \"c\\d\"},",NULL,7,0.1}"#);
    }
}
