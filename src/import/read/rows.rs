//! A row of a SQLite table as a JSON object, by the kind of each value and not of its column, which SQLite does not
//! enforce.

use super::super::kept::Repair;
use sea_orm::{DbErr, QueryResult};
use serde_json::{Map, Number, Value};
use sqlx::{Column, Row, TypeInfo, ValueRef};

/// The object. What could not be kept as it was is added to `mended`.
pub fn object(row: &QueryResult, mended: &mut Vec<Repair>) -> Result<Map<String, Value>, DbErr> {
    let row = row.try_as_sqlite_row().ok_or_else(|| DbErr::Type("a row of SQLite was expected".into()))?;
    let mut object = Map::new();
    for (index, column) in row.columns().iter().enumerate() {
        let raw = row.try_get_raw(index).map_err(unreadable)?;
        // The kind of a NULL is that of its column.
        let kind = if raw.is_null() { "NULL".to_owned() } else { raw.type_info().name().to_owned() };
        let mut note = |rule| mended.push(Repair { field: column.name().to_owned(), rule });
        let value = match kind.as_str() {
            "NULL" => Value::Null,
            "INTEGER" => row.try_get_unchecked::<i64, _>(index).map_err(unreadable)?.into(),
            "REAL" => {
                let number = Number::from_f64(row.try_get_unchecked(index).map_err(unreadable)?);
                number.map_or_else(
                    || {
                        note("not_a_number_became_null");
                        Value::Null
                    },
                    Value::Number,
                )
            }
            // A text or a blob, in which Python's `sqlite3` keeps bytes.
            _ => {
                let bytes: Vec<u8> = row.try_get_unchecked(index).map_err(unreadable)?;
                String::from_utf8(bytes).map_or_else(
                    |error| {
                        note("invalid_utf8_replaced");
                        String::from_utf8_lossy(error.as_bytes()).into_owned().into()
                    },
                    Value::String,
                )
            }
        };
        object.insert(column.name().to_owned(), value);
    }
    Ok(object)
}

/// What the row is called: the value in this column, which is not always a text.
pub fn key(row: &Map<String, Value>, column: &str) -> String {
    match row.get(column) {
        Some(Value::String(text)) => text.clone(),
        Some(other) if !other.is_null() => other.to_string(),
        _ => String::new(),
    }
}

fn unreadable(error: sqlx::Error) -> DbErr {
    DbErr::Type(error.to_string())
}
