//! A row of a SQLite table as a JSON object. The type of each value counts and not that of its
//! column, which SQLite does not enforce.

use super::super::super::split::MAX_RECORD_BYTES;
use serde_json::{Map, Number, Value};
use sqlx::{Column, Row, TypeInfo, ValueRef, sqlite::SqliteRow};
use std::io::{self, Write};

/// Converts a row to an object. Adds each value that changed to `repairs`, as field and rule.
pub fn object(
    row: &SqliteRow,
    repairs: &mut Vec<(String, String)>,
) -> Result<Map<String, Value>, sqlx::Error> {
    let mut object = Map::new();
    for (index, column) in row.columns().iter().enumerate() {
        let raw = row.try_get_raw(index)?;
        // A NULL has the type of its column.
        let kind = if raw.is_null() {
            "NULL".to_owned()
        } else {
            raw.type_info().name().to_owned()
        };
        let mut note = |rule: &str| {
            let repair = (column.name().to_owned(), rule.to_owned());
            // A record may have very many rows with the same repair.
            if !repairs.contains(&repair) {
                repairs.push(repair);
            }
        };
        let value = match kind.as_str() {
            "NULL" => Value::Null,
            "INTEGER" => row.try_get_unchecked::<i64, _>(index)?.into(),
            "REAL" => Number::from_f64(row.try_get_unchecked(index)?).map_or_else(
                || {
                    note("not_a_number_became_null");
                    Value::Null
                },
                Value::Number,
            ),
            // A text, or a blob, in which Python's `sqlite3` stores bytes.
            _ => {
                let bytes: Vec<u8> = row.try_get_unchecked(index)?;
                String::from_utf8(bytes).map_or_else(
                    |error| {
                        note("invalid_utf8_replaced");
                        String::from_utf8_lossy(error.as_bytes())
                            .into_owned()
                            .into()
                    },
                    Value::String,
                )
            }
        };
        object.insert(column.name().to_owned(), value);
    }
    Ok(object)
}

/// Key of the row: the value of this column, which is not always a text.
pub fn key(row: &Map<String, Value>, column: &str) -> String {
    match row.get(column) {
        Some(Value::String(text)) => text.clone(),
        Some(other) if !other.is_null() => other.to_string(),
        _ => String::new(),
    }
}

/// Returns the JSON of a record; `None` when it has more than [`MAX_RECORD_BYTES`] bytes.
pub fn text(record: &impl serde::Serialize) -> Option<Vec<u8>> {
    let mut text = Bounded(Vec::new());
    serde_json::to_writer(&mut text, record)
        .ok()
        .map(|()| text.0)
}

/// Buffer of at most [`MAX_RECORD_BYTES`] bytes: escaping may make a text six times as long.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_RECORD_BYTES {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
