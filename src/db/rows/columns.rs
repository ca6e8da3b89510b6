//! Values of a row, by their positions: as a driver gives them, or as members of a JSON array.

use chrono::{DateTime, Utc};
use entity::JobStatus;
use sea_orm::{ActiveEnum, DbErr, QueryResult, TryGetable, prelude::Json};
use serde_json::Value;

/// Values of a row, in the order of its columns.
pub(super) trait Columns {
    fn next<T: Field>(&mut self) -> Result<T, DbErr>;
}

/// Row of a driver, and the position of the next value.
pub(super) struct ByIndex<'a> {
    row: &'a QueryResult,
    next: usize,
}

impl<'a> ByIndex<'a> {
    pub(super) fn of(row: &'a QueryResult) -> Self {
        Self { row, next: 0 }
    }
}

impl Columns for ByIndex<'_> {
    fn next<T: Field>(&mut self) -> Result<T, DbErr> {
        let place = self.next;
        self.next += 1;
        self.row.try_get_by_index(place)
    }
}

impl Columns for std::vec::IntoIter<Value> {
    fn next<T: Field>(&mut self) -> Result<T, DbErr> {
        Iterator::next(self)
            .and_then(T::of)
            .ok_or_else(|| DbErr::Type("the value does not have the expected JSON form".to_owned()))
    }
}

/// Type of a column's value.
pub(super) trait Field: TryGetable {
    /// Converts the value; `None` if it is not in the form that `dialect::rows::gather` produces.
    fn of(value: Value) -> Option<Self>;
}

impl Field for String {
    fn of(value: Value) -> Option<Self> {
        if let Value::String(text) = value {
            Some(text)
        } else {
            None
        }
    }
}

impl<T: Field> Field for Option<T> {
    fn of(value: Value) -> Option<Self> {
        if value.is_null() {
            Some(None)
        } else {
            T::of(value).map(Some)
        }
    }
}

impl Field for Json {
    fn of(value: Value) -> Option<Self> {
        serde_json::from_str(value.as_str()?).ok()
    }
}

impl Field for DateTime<Utc> {
    fn of(value: Value) -> Option<Self> {
        Some(DateTime::parse_from_rfc3339(value.as_str()?).ok()?.to_utc())
    }
}

impl Field for JobStatus {
    fn of(value: Value) -> Option<Self> {
        Self::try_from_value(&String::of(value)?).ok()
    }
}

impl Field for f64 {
    fn of(value: Value) -> Option<Self> {
        value.as_str()?.parse().ok()
    }
}

impl Field for i64 {
    fn of(value: Value) -> Option<Self> {
        value.as_i64()
    }
}

impl Field for i32 {
    fn of(value: Value) -> Option<Self> {
        value.as_i64()?.try_into().ok()
    }
}

impl Field for i16 {
    fn of(value: Value) -> Option<Self> {
        value.as_i64()?.try_into().ok()
    }
}
