//! Many rows by as few statements as there can be, and statements of as few shapes as there can be, so that each is
//! prepared once.
//!
//! On PostgreSQL a statement of many VALUES is planned anew each time and costs more than the insert itself; here each
//! column goes as one array literal, so that one statement of one shape serves any number of rows. On SQLite, where no
//! array is known, rows go by powers of two. Columns that are null in every row are left out.

use super::{Tx, dialect};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, IdenStatic, IntoActiveModel,
    Iterable, ModelTrait, PrimaryKeyToColumn, PrimaryKeyTrait, Statement, Value, sea_query::Expr,
};
use std::borrow::Borrow;

/// Values of one statement on SQLite: it takes 32,766, but a smaller text is found faster among the prepared ones.
const MOST_VALUES: usize = 4096;

/// Inserts the rows. A key that counts by itself is left to the database.
pub async fn insert<E, A>(tx: &Tx, rows: &[impl Borrow<E::Model>]) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = E> + Send,
{
    for statement in inserts::<E>(tx.get_database_backend(), rows, "") {
        tx.execute_raw(statement).await?;
    }
    Ok(())
}

/// Inserts the rows in whose way nothing is (same key, same unique value), and answers with the texts in the first
/// column of those that it inserted.
pub async fn insert_unless_there<E, A>(tx: &Tx, rows: &[impl Borrow<E::Model>]) -> Result<Vec<String>, DbErr>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = E> + Send,
{
    let Some(first) = E::Column::iter().next() else { return Ok(Vec::new()) };
    let end = format!(" ON CONFLICT DO NOTHING RETURNING \"{}\"", first.as_str());
    let mut inserted = Vec::with_capacity(rows.len());
    for statement in inserts::<E>(tx.get_database_backend(), rows, &end) {
        for row in tx.query_all_raw(statement).await? {
            inserted.push(row.try_get_by_index(0)?);
        }
    }
    Ok(inserted)
}

/// Sets the columns of each row that has the values in the key columns, which come first in `columns`.
pub async fn update<E: EntityTrait>(
    tx: &Tx,
    keys: usize,
    columns: &[E::Column],
    rows: &[impl Borrow<E::Model>],
) -> Result<(), DbErr> {
    let backend = tx.get_database_backend();
    let table = E::default();
    let named = named::<E>(columns);
    let sql = |rows| dialect::update_rows(backend, table.table_name(), &named, keys, rows);
    for statement in statements(backend, values::<E>(columns, rows), rows.len(), sql) {
        tx.execute_raw(statement).await?;
    }
    Ok(())
}

fn inserts<E: EntityTrait>(backend: DbBackend, rows: &[impl Borrow<E::Model>], end: &str) -> Vec<Statement> {
    let counted = |column: &E::Column| {
        E::PrimaryKey::auto_increment()
            && E::PrimaryKey::iter().any(|key| key.into_column().as_str() == column.as_str())
    };
    let mut columns: Vec<E::Column> = E::Column::iter().filter(|column| !counted(column)).collect();
    let mut values = values::<E>(&columns, rows);
    let filled: Vec<bool> = values.iter().map(|column| column.iter().any(|value| *value != value.as_null())).collect();
    let mut kept = filled.iter();
    columns.retain(|_| kept.next().copied().unwrap_or_default());
    let mut kept = filled.iter();
    values.retain(|_| kept.next().copied().unwrap_or_default());
    let table = E::default();
    let named = named::<E>(&columns);
    statements(backend, values, rows.len(), |rows| {
        dialect::insert_rows(backend, table.table_name(), &named, rows) + end
    })
}

/// The columns with the types of their elements.
fn named<E: EntityTrait>(columns: &[E::Column]) -> Vec<(String, &'static str)> {
    columns.iter().map(|c| (c.as_str().to_owned(), dialect::type_name(c.def().get_column_type()))).collect()
}

/// Column by column, the values of all rows.
fn values<E: EntityTrait>(columns: &[E::Column], rows: &[impl Borrow<E::Model>]) -> Vec<Vec<Value>> {
    columns.iter().map(|column| rows.iter().map(|row| row.borrow().get(*column)).collect()).collect()
}

/// The statements that take the values of all rows; `sql` gives the text of one for so many rows.
fn statements(
    backend: DbBackend,
    columns: Vec<Vec<Value>>,
    rows: usize,
    sql: impl Fn(usize) -> String,
) -> Vec<Statement> {
    if rows == 0 || columns.is_empty() {
        return Vec::new();
    }
    if dialect::takes_arrays(backend) {
        let arrays = columns.into_iter().map(|column| array(column.into_iter()).into());
        return vec![Statement::from_sql_and_values(backend, sql(rows), arrays)];
    }
    let width = columns.len();
    let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
    let (mut statements, mut left) = (Vec::new(), rows);
    while left > 0 {
        let most = (MOST_VALUES / width).clamp(1, left);
        let some = 1 << most.ilog2();
        let mut values = Vec::with_capacity(some * width);
        for _ in 0..some {
            values.extend(columns.iter_mut().filter_map(Iterator::next));
        }
        statements.push(Statement::from_sql_and_values(backend, sql(some), values));
        left -= some;
    }
    statements
}

/// Whether the text column holds one of the texts, in one shape of statement whatever their number.
pub fn is_one_of(backend: DbBackend, column: Expr, texts: &[&str]) -> Expr {
    dialect::is_one_of(backend, column, list(backend, texts))
}

/// The texts as one value, which a statement takes apart again.
pub fn list(backend: DbBackend, texts: &[&str]) -> String {
    match dialect::takes_arrays(backend) {
        true => array(texts.iter().map(|text| Value::from(*text))),
        false => serde_json::Value::from(texts.to_vec()).to_string(),
    }
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
