//! Many rows at once, by as few statements as there can be.
//!
//! On PostgreSQL a statement of many VALUES is planned anew each time and costs more than the insert itself; here each
//! column goes as one array literal, so that one statement of one shape serves any number of rows.

use crate::db::{Tx, dialect};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IdenStatic, IntoActiveModel, Iterable,
    ModelTrait, PrimaryKeyToColumn, PrimaryKeyTrait, Statement, Value,
};
use std::borrow::Borrow;

/// Inserts the rows. A key that counts by itself is left to the database.
pub async fn insert<E, A>(tx: &Tx, rows: &[impl Borrow<E::Model>]) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = E> + Send,
{
    if rows.is_empty() {
        return Ok(());
    }
    let counted = |column: &E::Column| {
        E::PrimaryKey::auto_increment()
            && E::PrimaryKey::iter().any(|key| key.into_column().as_str() == column.as_str())
    };
    if dialect::takes_arrays(tx.get_database_backend()) {
        let columns: Vec<E::Column> = E::Column::iter().filter(|column| !counted(column)).collect();
        let types: Vec<_> =
            columns.iter().map(|c| (c.as_str().to_owned(), dialect::type_name(c.def().get_column_type()))).collect();
        let sql = dialect::insert_arrays(E::default().table_name(), &types);
        let arrays = columns.into_iter().map(|column| array(rows.iter().map(|row| row.borrow().get(column))).into());
        tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, arrays)).await?;
        return Ok(());
    }
    let active = |row: &E::Model| {
        let mut row = row.clone().into_active_model();
        E::Column::iter().filter(counted).for_each(|column| row.not_set(column));
        row
    };
    for some in chunks(rows) {
        E::insert_many(some.iter().map(|row| active(row.borrow()))).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Rows of a statement. A few sizes and no others: a connection keeps the statements that it was given, and those of each
/// number of rows would fill its memory.
const CHUNKS: [usize; 4] = [64, 16, 4, 1];

fn chunks<R>(mut rows: &[R]) -> impl Iterator<Item = &[R]> {
    std::iter::from_fn(move || {
        let size = CHUNKS.into_iter().find(|size| *size <= rows.len())?;
        let (some, rest) = rows.split_at(size);
        rows = rest;
        Some(some)
    })
}

/// `{1,NULL,"text"}`: the text of an array.
fn array(values: impl Iterator<Item = Value>) -> String {
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
        // Other kinds of columns there are none: a test inserts every column that there is.
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
        let text = array(values.into_iter().chain([Value::String(None), 7i32.into(), 0.1f64.into()]));
        assert_eq!(text, r#"{"a","","NULL","{\"b\": \"c\\d\"},",NULL,7,0.1}"#);
    }
}
